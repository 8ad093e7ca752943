using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Simulation;

internal static class Limits
{
    public static readonly TimeSpan Answer = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Engine = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Change = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Load = TimeSpan.FromHours(2);
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(10);
}

internal sealed class HostProxy(SimulatedGrains grains, HostId host) : IHostGrain
{
    public ValueTask BeatAsync(LeaderBeat beat) => grains.TellAsync(host, at => at.Agent.HearBeat(beat));

    public ValueTask AnswerAsync(HostAnswer answer) => grains.TellAsync(host, at => at.Agent.HearAnswer(answer));

    public ValueTask<bool> HearsLeaderAsync(long term) => grains.AskAsync(host, Limits.Answer, at => ValueTask.FromResult(at.Agent.HearsLeader(term)));

    public ValueTask PrepareAsync(long term, PlacementPlan plan) => grains.AskAsync(host, Limits.Load, at => new ValueTask(at.Agent.PrepareAsync(term, plan)));

    public ValueTask MoveKvAsync(long term, PlacementPlan next) => grains.AskAsync(host, Limits.Change, at => new ValueTask(at.Agent.MoveKvAsync(term, next)));

    public ValueTask<HeldKv[]> PauseAsync(long term, PlacementPlan next, bool abandon) =>
        grains.AskAsync(host, Limits.Change, at => new ValueTask<HeldKv[]>(at.Agent.PauseAsync(term, next, abandon)));

    public ValueTask CommitAsync(long term, PlacementPlan plan) => grains.AskAsync(host, Limits.Change, at => new ValueTask(at.Agent.CommitAsync(term, plan)));

    public ValueTask ResumeAsync(long term, long epoch, HeldKv[] held) =>
        grains.AskAsync(host, Limits.Change, at => new ValueTask(at.Agent.ResumeAsync(term, epoch, held)));

    public ValueTask ReleaseAsync(long term, long epoch) => grains.AskAsync(host, Limits.Load, at => new ValueTask(at.Agent.ReleaseAsync(term, epoch)));

    public ValueTask<HostStatus> StatusAsync(bool watch) => grains.AskAsync(host, Limits.Answer, at => new ValueTask<HostStatus>(at.Agent.StatusAsync(watch)));

    public ValueTask<ClusterStatus> ClusterStatusAsync(bool watch) =>
        grains.AskAsync(host, Limits.Change, at => new ValueTask<ClusterStatus>(at.Agent.ClusterStatusAsync(watch)));

    public ValueTask DrainAsync(HostId leaving) => grains.AskAsync(host, Limits.Load, at => new ValueTask(at.Agent.Leadership.DrainAsync(leaving)));

    public ValueTask<long> RebalanceAsync() => grains.AskAsync(host, Limits.Load, at => new ValueTask<long>(at.Agent.Leadership.RebalanceAsync()));
}

internal sealed class EngineProxy(SimulatedGrains grains, HostId host, int replica) : IEngineGrain
{
    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway) =>
        grains.AskAsync(host, Limits.Engine, at => at.Engine(replica).SubmitAsync(request, gateway));

    public ValueTask CancelAsync(Guid request) => grains.AskAsync(host, Limits.Engine, at => at.Engine(replica).CancelAsync(request));

    public ValueTask<EngineAnswer> PollAsync(Guid gateway, Guid outbox, long acknowledged) =>
        grains.AskAsync(host, Limits.Engine, async at => at.Spoil(await at.Engine(replica).PollAsync(gateway, outbox, acknowledged)));

    public ValueTask<EngineStatus> StatusAsync() => grains.AskAsync(host, Limits.Engine, at => at.Engine(replica).StatusAsync());

    public ValueTask MoveKvAsync(PlacementPlan next) => grains.AskAsync(host, Limits.Load, at => at.Engine(replica).MoveKvAsync(next));

    public ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon) => grains.AskAsync(host, Limits.Load, at => at.Engine(replica).PauseAsync(next, abandon));

    public ValueTask ResumeAsync(long epoch, HeldKv? held) => grains.AskAsync(host, Limits.Load, at => at.Engine(replica).ResumeAsync(epoch, held));
}

internal sealed class CoordinatorProxy(SimulatedGrains grains, HostId host, (int Replica, int Stage) key) : ICoordinatorGrain
{
    public ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws, Rows? images)
    {
        if (images is not null)
            throw new NotSupportedException("simulated requests have no pictures");
        var sent = Sent(step);
        return grains.AskAsync(host, Limits.Step, at => new ValueTask<DrawnToken[]>(at.Stage(key.Replica, key.Stage).RunAsync(sent, draws)));
    }

    public ValueTask<DrawnToken[]> ContinueAsync(StepPlan step, TokenDraw[] draws, Rows rows)
    {
        var sent = Sent(step);
        var copy = grains.IsElsewhere(host) ? Numbers.Copy(rows) : rows;
        return grains.AskAsync(host, Limits.Step, at => new ValueTask<DrawnToken[]>(at.Stage(key.Replica, key.Stage).ContinueAsync(sent, draws, copy)));
    }

    /// <summary>As a message brings it: the engine may use its arrays again.</summary>
    private StepPlan Sent(StepPlan step) => !grains.IsElsewhere(host) ? step : step with
    {
        Slices = [.. step.Slices],
        TokenIds = [.. step.TokenIds],
        Positions = [.. step.Positions],
        LogitRows = [.. step.LogitRows],
        Chunked = new KvTables([.. step.Chunked.RowSlots], [.. step.Chunked.BlockTables], step.Chunked.Width),
        Full = new KvTables([.. step.Full.RowSlots], [.. step.Full.BlockTables], step.Full.Width),
    };
}

internal sealed class AttentionProxy(SimulatedGrains grains, HostId host, (int Replica, int Layer) key) : IAttentionGrain
{
    public ValueTask PrepareAsync() => grains.AskAsync(host, Limits.Load, at => at.PrepareKv(key));

    public ValueTask ReleaseAsync() => grains.AskAsync(host, Limits.Load, at => at.ReleaseKv(key));

    public ValueTask<Rows> ReadKvAsync(long epoch, int[] blocks) => grains.AskAsync(host, Limits.Engine, at => new ValueTask<Rows>(at.ReadKvAsync(key, epoch, blocks)));

    public ValueTask<Guid> PullKvAsync(KvPull pull) => grains.AskAsync(host, Limits.Engine, at => at.Intake(key).TakeAsync(pull));

    public ValueTask AttendAsync(HostStep step) => throw new NotSupportedException("a simulated stage attends itself");

    public ValueTask FeedForwardAsync(HostStep step) => throw new NotSupportedException("a simulated stage has no shared expert");
}

internal sealed class ExpertGroupProxy(SimulatedGrains grains, HostId host, (int Layer, int Group) key) : IExpertGroupGrain
{
    public ValueTask<Rows> RunAsync(long epoch, Rows rows)
    {
        var copy = grains.IsElsewhere(host) ? Numbers.Copy(rows) : rows;
        return grains.AskAsync(host, Limits.Step, at => new ValueTask<Rows>(at.RunExpertsAsync(key.Layer, key.Group, epoch, copy)));
    }

    public ValueTask<TimedRows> RunTimedAsync(long epoch, Rows rows, QuestionSpans? spans) => throw new NotSupportedException("simulated requests ask for no paths");

    public override string ToString() => $"experts {key.Layer}/{key.Group}@{host}";
}

internal sealed class VocabularyProxy(SimulatedGrains grains, HostId host) : IVocabularyGrain
{
    public ValueTask<Rows> EmbedRowsAsync(long epoch, int[] tokenIds)
    {
        int[] sent = [.. tokenIds];
        return grains.AskAsync(host, Limits.Step, at => new ValueTask<Rows>(at.EmbedAsync(epoch, sent)));
    }

    public ValueTask<DrawnToken[]> DrawRowsAsync(long epoch, Rows rows, TokenDraw[] draws)
    {
        var copy = grains.IsElsewhere(host) ? Numbers.Copy(rows) : rows;
        return grains.AskAsync(host, Limits.Step, at => new ValueTask<DrawnToken[]>(at.DrawAsync(epoch, copy, draws)));
    }

    public ValueTask<string?> ConstrainAsync(long epoch, DecodingConstraint constraint) => throw new NotSupportedException("simulated requests have no constraints");

    public ValueTask EmbedAsync(HostStep step) => throw new NotSupportedException("a simulated stage sends numbers");

    public ValueTask<DrawnToken[]> DrawAsync(HostStep step, TokenDraw[] draws) => throw new NotSupportedException("a simulated stage sends numbers");
}
