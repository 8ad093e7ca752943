using Llama4.Contracts;
using Orleans;

namespace Llama4.Cluster.Tests;

/// <summary>By a planned change keys and values are moved, not computed again, and the tokens are the same.</summary>
[Collection(nameof(ManyHosts))]
public class MovedKvTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;
    private const int Streams = 6;

    /// <summary>Of a prompt; an attention chunk has 256.</summary>
    private const int Positions = 500;
    private const int BlockPositions = 32;

    [Fact]
    public Task AttentionHost_DrainedUnderStreams_GivesItsKeysAndValuesAway() =>
        DrainAsync(plan => plan.Replicas[0].Stages[0].Host, Rest | HostRoles.Experts, HostRoles.Attention, HostRoles.Attention);

    [Fact]
    public Task EngineHost_DrainedUnderStreams_GivesItsKeysAndValuesAway() =>
        DrainAsync(plan => plan.Replicas[0].Engine, HostRoles.Experts, Rest | HostRoles.Attention, Rest | HostRoles.Attention);

    [Fact]
    public Task EngineHost_WithoutAttention_LeavesWhatTheNextEngineGoesOnFrom() =>
        DrainAsync(plan => plan.Replicas[0].Engine, HostRoles.Experts | HostRoles.Attention, Rest, Rest);

    private static async Task DrainAsync(Func<PlacementPlan, HostId> which, params HostRoles[] roles)
    {
        var steps = new StepsSeen();
        // Other tests fill the machine: the last blocks get the time they need.
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, roles) { Calls = steps, LastKvMax = TimeSpan.FromSeconds(10) });
        var requests = Enumerable.Range(0, Streams).Select(i => Answers.Greedy([ScoutNano.Bos, 10 + i, .. Enumerable.Range(100, Positions - 2)], 1000) with
        {
            Sampling = new SamplingSettings { Temperature = i % 2 },
            Seed = (ulong)i,
        }).ToArray();
        var undisturbed = await Task.WhenAll(requests.Select(request => hosts.Client.TokensAsync(request with { Id = Guid.NewGuid() })));
        var before = hosts.Plan;

        var decoding = steps.DecodesAsync(before.Epoch, 50);
        var answers = requests.Select(request => hosts.Client.TokensAsync(request)).ToArray();
        await decoding.WaitAsync(Answers.Limit);
        await hosts.DrainAsync(which(before));
        var disturbed = await Task.WhenAll(answers);

        for (var i = 0; i < Streams; i++)
            disturbed[i].ShouldBe(undisturbed[i]);
        hosts.Plan.Hosts.ShouldNotContain(which(before));
        var prefilled = steps.PrefilledAfter(before.Epoch);
        var again = await hosts.Client.AskAsync(requests[0] with { Id = Guid.NewGuid(), TokensMax = 1 });
        // Of a machine that is too busy to answer beats plans are made in haste: then nothing is moved, and only the tokens are the same.
        Assert.SkipWhen(
            prefilled.Rows is < 1 or > Streams * BlockPositions && (await hosts.Admin.StatusAsync(CancellationToken.None)).Faults.Length > 0,
            "a host was suspected: this machine is too busy to count what is computed again");
        prefilled.Rows.ShouldBeInRange(1, Streams * BlockPositions); // they were in mid answer
        prefilled.FirstPosition.ShouldBeGreaterThanOrEqualTo(Positions - BlockPositions);
        again[^1].CachedTokens.ShouldBeGreaterThanOrEqualTo(Positions - (2 * BlockPositions));
    }

    /// <summary>What the engines had computed, by plan.</summary>
    private sealed class StepsSeen : IIncomingGrainCallFilter
    {
        private readonly List<StepPlan> _steps = [];
        private (long Epoch, int Steps, TaskCompletionSource Reached)? _wanted;

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.DeclaringType == typeof(ICoordinatorGrain) && context.InterfaceMethod.Name == nameof(ICoordinatorGrain.RunAsync))
                Add((StepPlan)context.Request.GetArgument(0)!);
            await context.Invoke();
        }

        /// <summary>Completes when so many more steps by this plan had nothing but decodes.</summary>
        public Task DecodesAsync(long epoch, int steps)
        {
            lock (_steps)
            {
                _wanted = (epoch, steps, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                return _wanted.Value.Reached.Task;
            }
        }

        /// <summary>Under the first later plan that steps were made for: rows of slices of more than one, and the first position among them.</summary>
        public (int Rows, int FirstPosition) PrefilledAfter(long epoch)
        {
            lock (_steps)
            {
                var next = _steps.Where(step => step.Epoch > epoch).Select(step => step.Epoch).DefaultIfEmpty().Min();
                SequenceSlice[] slices = [.. _steps.Where(step => step.Epoch == next).SelectMany(step => step.Slices).Where(slice => slice.Rows > 1)];
                return (slices.Sum(slice => slice.Rows), slices.Select(slice => slice.FirstPosition).DefaultIfEmpty().Min());
            }
        }

        private void Add(StepPlan step)
        {
            lock (_steps)
            {
                _steps.Add(step with { Slices = [.. step.Slices] }); // the engine uses its arrays again
                if (_wanted is not { } wanted || step.Epoch != wanted.Epoch || step.Slices.Any(slice => slice.Rows > 1))
                    return;
                _wanted = wanted with { Steps = wanted.Steps - 1 };
                if (wanted.Steps == 1)
                    wanted.Reached.SetResult();
            }
        }
    }
}
