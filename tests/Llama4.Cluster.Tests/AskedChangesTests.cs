using System.Diagnostics;
using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>What is asked of a leader while something else is going on.</summary>
[Collection(nameof(ManyHosts))]
public class AskedChangesTests
{
    private const HostRoles Rest = HostRoles.Any & ~HostRoles.Experts;

    /// <summary>So long after it was asked, a leader refuses what cannot be.</summary>
    private static readonly TimeSpan Refusal = TimeSpan.FromMilliseconds(600);

    /// <summary>On a busy machine hosts fall silent for a moment, and one that is told to stop then has somebody to give its part to a moment later.</summary>
    [Fact]
    public async Task Leader_ThatLeavesWhileTheOtherIsSilentForAMoment_GivesAwayWhatItOwns()
    {
        var calls = new HostCalls();
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any) { Calls = calls });
        var leader = hosts.Leader;
        calls.Before = (_, method) => Task.FromResult(method != nameof(IHostGrain.AnswerAsync));
        await hosts.PlanAsync(plan => plan.Hosts.Length == 1);

        using var limit = new CancellationTokenSource(Answers.Limit);
        var asked = Stopwatch.StartNew();
        var leaving = hosts.Agent(leader).LeaveAsync(TimeSpan.FromHours(1), CancellationToken.None);
        while (hosts.Agent(leader).Leadership.Waiting is null || asked.Elapsed < 2 * Refusal)
            await Task.Delay(10, limit.Token);
        leaving.IsCompleted.ShouldBeFalse();
        calls.Before = null;

        await leaving.WaitAsync(Answers.Limit);
        await hosts.PlanAsync(plan => !plan.Hosts.Contains(leader));
    }

    /// <summary>An operator and the host itself, say.</summary>
    [Fact]
    public async Task Host_DrainedByTwo_WhenNobodyCanTakeItsPart_IsRefusedToBoth()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Experts));
        var leadership = hosts.Agent(hosts.Leader).Leadership;

        var first = leadership.DrainAsync(hosts.Ids[1]);
        await Task.Delay(Refusal / 2);
        var second = leadership.DrainAsync(hosts.Ids[1]);

        await Should.ThrowAsync<ClusterRequestException>(() => first.WaitAsync(Answers.Limit));
        await Should.ThrowAsync<ClusterRequestException>(() => second.WaitAsync(Answers.Limit));
        (await hosts.Admin.StatusAsync(CancellationToken.None)).Hosts.ShouldAllBe(host => host.Condition != HostCondition.Draining);
    }

    [Fact]
    public async Task Rebalance_AskedWhileAnotherComesIntoForce_IsDoneToo()
    {
        var calls = new HostCalls();
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any) { Calls = calls });
        var leadership = hosts.Agent(hosts.Leader).Leadership;
        var second = new TaskCompletionSource<Task<long>>();
        calls.Before = (_, method) =>
        {
            if (method == nameof(IHostGrain.ResumeAsync))
                second.TrySetResult(leadership.RebalanceAsync());
            return Task.FromResult(true);
        };

        var first = await leadership.RebalanceAsync().WaitAsync(Answers.Limit);

        (await (await second.Task).WaitAsync(Answers.Limit)).ShouldBeGreaterThan(first);
    }

    /// <summary>Who joins may load for minutes.</summary>
    [Fact]
    public async Task Leader_ThatEndsWhileAnotherLoads_DoesNotWaitForIt()
    {
        var calls = new HostCalls();
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any) { Calls = calls });
        var (loads, isLoaded) = (new TaskCompletionSource(), new TaskCompletionSource());
        calls.Before = async (host, method) =>
        {
            if (host == "host-2" && method == nameof(IHostGrain.PrepareAsync))
            {
                loads.TrySetResult();
                await isLoaded.Task;
            }
            return true;
        };
        await hosts.AddAsync(HostRoles.Any);
        await loads.Task.WaitAsync(Answers.Limit);

        await hosts.Agent(hosts.Leader).DisposeAsync().AsTask().WaitAsync(Answers.Limit);
        isLoaded.SetResult();
    }

    private sealed class HostCalls : IIncomingGrainCallFilter
    {
        /// <summary>Told the host and what it is asked; false where the call is lost.</summary>
        public Func<string, string, Task<bool>>? Before { get; set; }

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.Grain is not HostGrain || Before is not { } before || await before(context.TargetId.Key.ToString()!, context.MethodName))
                await context.Invoke();
        }
    }
}
