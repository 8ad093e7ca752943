using System.Net;
using System.Reflection;
using Llama4.Client.Tokens;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace Llama4.Cluster.Tests.Client;

/// <summary>Which hosts a client without a silo opens no connections to.</summary>
public sealed class PlanWatchTests : IAsyncDisposable
{
    private static readonly IPEndPoint Door = new(IPAddress.Loopback, 4711);
    private static readonly HostId[] Hosts = [new("one"), new("other")];
    private static readonly PlacementPlan Plan = new(3, Hosts[0], Hosts[0], []) { Hosts = Hosts };

    private readonly Shunned _shunned = new();
    private readonly Silo _silo = new();
    private readonly PlanWatch _watch;

    public PlanWatchTests()
    {
        var grains = DispatchProxy.Create<IGrainFactory, Grains>();
        ((Grains)grains).Silo = _silo;
        _watch = new PlanWatch(grains, _shunned, TimeProvider.System, NullLogger<PlanWatch>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
    }

    /// <summary>Seen with two hosts: the first had missed the second for a moment, told so, and was killed. The gateway never opened a connection to the second again.</summary>
    [Fact]
    public async Task SuspectsOfASiloThatIsGone_AreTriedAgain()
    {
        _silo.Answer = () => new PlanView(Plan, Hosts[0], [$"{Door}"], new SuspicionAge(1, 7));
        await _watch.StartAsync(CancellationToken.None);
        await UntilAsync(isShunned: true);

        _silo.Answer = () => throw new SiloUnavailableException("gone");

        await UntilAsync(isShunned: false);
        _silo.Answer = () => new PlanView(null, Hosts[0], [$"{Door}"], new SuspicionAge(1, 7)); // it was frozen only
        await UntilAsync(isShunned: true);
    }

    /// <summary>It may be the one that is cut off, and the others go on without it.</summary>
    [Fact]
    public async Task SuspectsOfASiloThatMissesMost_AreTriedNevertheless()
    {
        _silo.Answer = () => new PlanView(Plan, Hosts[0], [$"{Door}"], new SuspicionAge(1, 7));
        await _watch.StartAsync(CancellationToken.None);
        await UntilAsync(isShunned: true);

        _silo.Answer = () => new PlanView(null, Hosts[0], [$"{Door}", $"{IPAddress.Loopback}:4712"], new SuspicionAge(1, 8));

        await UntilAsync(isShunned: false);
    }

    private async Task UntilAsync(bool isShunned)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        while (await IsShunnedAsync() != isShunned)
            await Task.Delay(10, limit.Token);
    }

    private async Task<bool> IsShunnedAsync()
    {
        try
        {
            return !await _shunned.OpenAsync(Door, _ => Task.FromResult(true), CancellationToken.None);
        }
        catch (ConnectionAbortedException)
        {
            return true;
        }
    }

    private sealed class Silo : IPlanViewGrain
    {
        public volatile Func<PlanView> Answer = () => throw new SiloUnavailableException("not asked yet");

        public ValueTask<PlanView> GetAsync(long epoch) => ValueTask.FromResult(Answer());

        public ValueTask<ClusterStatus> ClusterStatusAsync(HostId leader, bool watch) => throw new NotSupportedException("not asked here");
    }

    private class Grains : DispatchProxy
    {
        public IPlanViewGrain Silo { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Silo;
    }
}
