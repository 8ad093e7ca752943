using System.Diagnostics;
using System.Reflection;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace Llama4.Cluster.Tests.Agents;

public class PlanChangeTests
{
    private static readonly HostId Host = new("host");

    private readonly PlanBoard _board = new();

    /// <summary>It tries ten times a second, for as long as the store is away; and what the store's client says has figures in it.</summary>
    [Fact]
    public async Task Write_WhileTheStoreIsAway_SaysSoOnce()
    {
        var change = new PlanChange(null!, null!, null!, new AwayRegister(tries: 4), null!, TimeProvider.System, NullLogger<HostAgent>.Instance);
        var told = new List<string>();

        (await change.WriteAsync(1, new PlanRecord(2, Host, null), () => true, told.Add).WaitAsync(Answers.Limit)).ShouldBeTrue();

        told.ShouldBe(["the store does not answer: away, 1 timers"]);
    }

    /// <summary>A host that answers again after a silence gets new connections, and what was under way on the old ones fails. Not for want of loading.</summary>
    [Fact]
    public async Task Prepare_WhoseCallIsLostOnTheWay_IsAskedAgain()
    {
        var asked = 0;
        var change = Change(() => ++asked < 3 ? throw new OrleansException("connection given up") : ValueTask.CompletedTask);

        (await PrepareAsync(change)).ShouldBeTrue();

        change.HasFailed(Host).ShouldBeFalse();
        asked.ShouldBe(3);
    }

    [Fact]
    public async Task Prepare_WhoseEveryCallIsLost_LeavesTheHostOut()
    {
        var asked = 0;
        var change = Change(() => ++asked > 0 ? throw new OrleansException("no way there") : ValueTask.CompletedTask);

        (await PrepareAsync(change)).ShouldBeFalse();

        change.HasFailed(Host).ShouldBeTrue();
        asked.ShouldBe(5);
    }

    [Fact]
    public async Task Prepare_ThatAHostCannotDo_LeavesItOut()
    {
        var asked = 0;
        var change = Change(() => ++asked < 2 ? ValueTask.FromException(new IOException("no such file")) : ValueTask.CompletedTask);

        (await PrepareAsync(change)).ShouldBeFalse();

        change.HasFailed(Host).ShouldBeTrue();
        asked.ShouldBe(1);
    }

    private PlanChange Change(Func<ValueTask> prepare)
    {
        var grains = DispatchProxy.Create<IGrainFactory, Grains>();
        ((Grains)grains).Prepare = prepare;
        var self = new HostDescription(Host, 1, "", "", HostRoles.Any, "", 0, 0, 0);
        var peers = new Peers(self, TimeProvider.System, NullLogger<HostAgent>.Instance);
        return new PlanChange(peers, _board, grains, null!, new OneMember(), TimeProvider.System, NullLogger<HostAgent>.Instance);
    }

    /// <summary>With the board's ticks, as an agent makes them.</summary>
    private async Task<bool> PrepareAsync(PlanChange change)
    {
        var plan = new PlacementPlan(2, Host, Host, [new LayerPlacement(0, Host, [])]) { Hosts = [Host] };
        var prepared = change.PrepareAsync(1, plan, null!, isAlone: false, () => true);
        for (var start = Stopwatch.StartNew(); !prepared.IsCompleted && start.Elapsed < Answers.Limit;)
        {
            _board.Tick();
            await Task.Delay(10);
        }
        return await prepared.WaitAsync(TimeSpan.Zero);
    }

    private sealed class AwayRegister(int tries) : IPlanRegister
    {
        private int _tried;

        public Task<PlanRecord?> ReadAsync() => throw new IOException("away");

        public Task<bool> TrySetAsync(long term, PlanRecord next) =>
            ++_tried < tries ? throw new IOException($"away, {_tried} timers\nand more") : Task.FromResult(true);
    }

    private sealed class OneMember : IMembers
    {
        public HostId[] Active => [Host];

        public void Renew(HostId host, TimeSpan silent) => throw new NotSupportedException("nobody is silent");
    }

    public class Grains : DispatchProxy
    {
        public Func<ValueTask>? Prepare { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.ReturnType.ShouldBe(typeof(IHostGrain));
            var host = DispatchProxy.Create<IHostGrain, AskedHost>();
            ((AskedHost)host).Prepare = Prepare;
            return host;
        }
    }

    public class AskedHost : DispatchProxy
    {
        public Func<ValueTask>? Prepare { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.Name.ShouldBe(nameof(IHostGrain.PrepareAsync));
            return Prepare!();
        }
    }
}
