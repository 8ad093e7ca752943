using System.Reflection;
using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Llama4.Cluster.Tests.Client;

/// <summary>Whom an operator's question goes to, and for how long.</summary>
public class ClusterAdminTests
{
    private static readonly HostId First = new("first");
    private static readonly HostId Second = new("second");
    private static readonly ClusterStatus Told = new(7, Second, null, null, [], []);

    private readonly ScriptedPlans _plans = new();

    [Fact]
    public async Task Status_WhenTheLeaderAnswers_IsWhatItTells()
    {
        _plans.Leader = Second;

        (await Admin(_ => ValueTask.FromResult(Told)).StatusAsync(CancellationToken.None)).ShouldBe(Told);
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("is silent")]
    public async Task Status_WhenTheOldLeaderDoesNotAnswer_AsksTheNewOne(string how)
    {
        _plans.Leader = First;
        var asked = new List<HostId>();
        var admin = Admin(
            host =>
            {
                asked.Add(host);
                _plans.Leader = Second;
                return host == Second ? ValueTask.FromResult(Told) : how == "fails" ? throw new SiloUnavailableException("gone") : Never();
            },
            leaderLimit: Answers.Limit,
            answerLimit: TimeSpan.FromMilliseconds(20));

        (await admin.StatusAsync(CancellationToken.None)).ShouldBe(Told);
        asked.ShouldBe([First, Second]);
    }

    /// <summary>The plan's clock ticks on all the time, as it does in a cluster.</summary>
    [Fact]
    public async Task Status_WhenNoLeaderEverAnswers_EndsWithWhatTheLastOneSaidAndAsksNoStorm()
    {
        _plans.Leader = First;
        _plans.IsChanging = true;
        var asked = 0;
        var admin = Admin(
            _ =>
            {
                asked++;
                throw new SiloUnavailableException("it is\ngone");
            },
            leaderLimit: TimeSpan.FromMilliseconds(350));

        var error = await Should.ThrowAsync<TimeoutException>(async () => await admin.StatusAsync(CancellationToken.None).AsTask().WaitAsync(Answers.Limit));

        error.Message.ShouldBe("no leader of the cluster has told its status within 0.35 s; the last asked was first: it is gone");
        asked.ShouldBeInRange(1, 4); // each 100 ms
    }

    [Fact]
    public async Task Rebalance_WhenTheLeadGoesToAnother_AsksThatOne()
    {
        _plans.Leader = First;
        var asked = new List<string>();
        var admin = Admin(_ => Never(), rebalance: host =>
        {
            asked.Add(host);
            _plans.Leader = Second;
            return host == Second.Name ? ValueTask.FromResult(8L) : throw new NotLeadingException("ask again");
        });

        (await admin.RebalanceAsync(CancellationToken.None).AsTask().WaitAsync(Answers.Limit)).ShouldBe(8);
        asked.ShouldBe([First.Name, Second.Name]);
    }

    [Theory]
    [InlineData("is gone")]
    [InlineData("is silent")]
    public async Task Rebalance_WhenTheLeaderIsLost_AsksTheNext(string how)
    {
        _plans.Leader = First;
        var asked = new List<string>();
        var admin = Admin(_ => Never(), rebalance: host =>
        {
            asked.Add(host);
            _plans.Leader = Second;
            return host == Second.Name ? ValueTask.FromResult(8L)
                : how == "is gone" ? throw new SiloUnavailableException("gone")
                : new(new TaskCompletionSource<long>().Task);
        });

        (await admin.RebalanceAsync(CancellationToken.None).AsTask().WaitAsync(Answers.Limit)).ShouldBe(8);
        asked.ShouldBe([First.Name, Second.Name]);
    }

    /// <summary>As hosts tell it each other.</summary>
    [Fact]
    public void NotLeading_ComesThroughTheWire()
    {
        var serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

        serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(new NotLeadingException("ask again")))
            .ShouldBeOfType<NotLeadingException>().Message.ShouldBe("ask again");
    }

    [Fact]
    public async Task AnyQuestion_WhenNobodyLeads_SaysSo()
    {
        var admin = Admin(_ => Never(), leaderLimit: TimeSpan.FromMilliseconds(50));

        foreach (var ask in (Func<Task>[])[
            () => admin.StatusAsync(CancellationToken.None).AsTask(),
            () => admin.DrainAsync(First, CancellationToken.None).AsTask(),
            () => admin.RebalanceAsync(CancellationToken.None).AsTask()])
        {
            (await Should.ThrowAsync<TimeoutException>(() => ask().WaitAsync(Answers.Limit))).Message.ShouldBe("no host has taken the lead of the cluster within 0.05 s");
        }
    }

    [Fact]
    public async Task Status_WhenTheAskerGivesUp_EndsAtOnce()
    {
        _plans.Leader = First;
        using var asker = new CancellationTokenSource();

        var status = Admin(_ => Never(), leaderLimit: Answers.Limit, answerLimit: Answers.Limit).StatusAsync(asker.Token).AsTask();
        await asker.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => status.WaitAsync(Answers.Limit));
    }

    private static ValueTask<ClusterStatus> Never() => new(new TaskCompletionSource<ClusterStatus>().Task);

    private ClusterAdmin Admin(Func<HostId, ValueTask<ClusterStatus>> tell, TimeSpan? leaderLimit = null, TimeSpan? answerLimit = null, Func<string, ValueTask<long>>? rebalance = null)
    {
        var grains = DispatchProxy.Create<IGrainFactory, Grains>();
        (((Grains)grains).Tell, ((Grains)grains).Rebalance) = (tell, rebalance);
        return new ClusterAdmin(grains, _plans) { LeaderLimit = leaderLimit ?? Answers.Limit, AnswerLimit = answerLimit ?? Answers.Limit };
    }

    private sealed class ScriptedPlans : IPlanSource
    {
        private static readonly Task Still = new TaskCompletionSource().Task;

        public PlacementPlan? Plan => null;

        public HostId? Leader { get; set; }

        public bool IsChanging { get; set; }

        public Task Changed => IsChanging ? Task.CompletedTask : Still;
    }

    /// <summary>Doors to hosts, each question through another one, and of those only the status; of hosts themselves only the rebalance.</summary>
    public class Grains : DispatchProxy
    {
        private readonly HashSet<long> _doors = [];

        public Func<HostId, ValueTask<ClusterStatus>>? Tell { get; set; }

        public Func<string, ValueTask<long>>? Rebalance { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.Name.ShouldBe(nameof(IGrainFactory.GetGrain));
            if (args![0] is string name)
            {
                var host = DispatchProxy.Create<IHostGrain, LeadingHost>();
                ((LeadingHost)host).Rebalance = () => Rebalance!(name);
                return host;
            }
            _doors.Add((long)args[0]!).ShouldBeTrue("each question goes another way");
            var door = DispatchProxy.Create<IPlanViewGrain, Door>();
            ((Door)door).Answer = Tell;
            return door;
        }
    }

    public class LeadingHost : DispatchProxy
    {
        public Func<ValueTask<long>>? Rebalance { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.Name.ShouldBe("RebalanceAsync");
            return Rebalance!();
        }
    }

    public class Door : DispatchProxy
    {
        public Func<HostId, ValueTask<ClusterStatus>>? Answer { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.Name.ShouldBe("ClusterStatusAsync");
            return Answer!((HostId)args![0]!);
        }
    }
}
