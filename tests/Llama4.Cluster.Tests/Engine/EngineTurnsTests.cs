using System.Reflection;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Engine;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Engine;

/// <summary>An engine without hosts: its coordinator writes down the steps it is given and never answers.</summary>
public class EngineTurnsTests
{
    private static readonly HostId Self = new("a");

    private readonly PlanBoard _board = new();
    private readonly List<StepPlan> _steps = [];

    /// <summary>Two leaders, one after the other: what the first said of its plan arrives after the second made the engine stand still for its own.</summary>
    [Fact]
    public async Task Resume_OfAPlanBeforeTheOneItStandsStillFor_StartsNoStep()
    {
        var turns = Turns();
        await ResumeAsync(turns, epoch: 1);
        await turns.PauseAsync(Plan(3), abandon: true);

        await ResumeAsync(turns, epoch: 2);
        (await turns.SubmitAsync(Answers.Greedy([1, 2, 3], 4), Guid.NewGuid())).Status.ShouldBe(SubmitStatus.Accepted);

        _steps.ShouldBeEmpty();
        await ResumeAsync(turns, epoch: 3);
        _steps.ShouldHaveSingleItem().Epoch.ShouldBe(3);
    }

    [Fact]
    public async Task Pause_ForAPlanThatIsInForceByNow_StopsNothing()
    {
        var turns = Turns();
        await ResumeAsync(turns, epoch: 3);

        (await turns.PauseAsync(Plan(2), abandon: true)).ShouldBeNull();
        (await turns.PauseAsync(Plan(3), abandon: true)).ShouldBeNull();

        await turns.SubmitAsync(Answers.Greedy([1, 2, 3], 4), Guid.NewGuid());
        _steps.ShouldHaveSingleItem().Epoch.ShouldBe(3);
    }

    /// <summary>As when a submission goes several ways, or one through a host that stood still arrives late.</summary>
    [Fact]
    public async Task SecondSubmission_OfTheSameGateway_ChangesNothing()
    {
        var (turns, gateway) = (Turns(), Guid.NewGuid());
        await ResumeAsync(turns, epoch: 1);
        var request = Answers.Greedy([1, 2, 3], 4);

        var first = await turns.SubmitAsync(request, gateway);
        var second = await turns.SubmitAsync(request, gateway);

        second.ShouldBe(first);
        (turns.Scheduler!.Status.Running + turns.Scheduler.Status.Waiting).ShouldBe(1);
        _steps.ShouldHaveSingleItem();
    }

    /// <summary>It went on elsewhere meanwhile: what is here would take longer.</summary>
    [Fact]
    public async Task SecondSubmission_WithMoreTokens_ReplacesTheFirst()
    {
        var (turns, gateway) = (Turns(), Guid.NewGuid());
        await ResumeAsync(turns, epoch: 1);
        await turns.PauseAsync(Plan(2), abandon: true);
        var request = Answers.Greedy([1, 2, 3], 4);
        await turns.SubmitAsync(request, gateway);

        await turns.SubmitAsync(request with { Emitted = [7, 8] }, gateway);

        await ResumeAsync(turns, epoch: 2);
        _steps.ShouldHaveSingleItem().Rows.ShouldBe(5);
    }

    private static PlacementPlan Plan(long epoch) => new(epoch, Self, Self, [new LayerPlacement(0, Self, [])]) { Follows = epoch - 1 };

    private ValueTask ResumeAsync(EngineTurns turns, long epoch)
    {
        _board.Publish(Plan(epoch));
        return turns.ResumeAsync(epoch, null);
    }

    private EngineTurns Turns()
    {
        var grains = DispatchProxy.Create<IGrainFactory, Grains>();
        ((Grains)grains).Coordinator = new Coordinator(_steps);
        return new EngineTurns(
            Self, 0, new KvSizes(32, null, 0, 8), new KvLayers([false], 1), new SchedulerLimits { ContextMax = 128 }, _board, new Links(TimeProvider.System), grains,
            TimeProvider.System, () => { }, NullLogger.Instance);
    }

    private sealed class Coordinator(List<StepPlan> steps) : ICoordinatorGrain
    {
        public ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws, Rows? images)
        {
            steps.Add(step);
            return new(new TaskCompletionSource<DrawnToken[]>().Task);
        }

        public ValueTask<DrawnToken[]> ContinueAsync(StepPlan step, TokenDraw[] draws, Rows rows) => throw new NotSupportedException("there is one stage");
    }

    public class Grains : DispatchProxy
    {
        internal ICoordinatorGrain? Coordinator { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.ReturnType.ShouldBe(typeof(ICoordinatorGrain));
            return Coordinator;
        }
    }
}
