using Llama4.Contracts;
using Llama4.Scheduling;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests;

/// <summary>What a client of the engine can rely on.</summary>
public class EngineTests
{
    private static readonly int[] Prompt = [ScoutNano.Bos, 10, 20, 30];

    [Fact]
    public async Task Dispose_OfARunningGeneration_FreesItsBlocks()
    {
        // One step at a time, so that another request's first step comes after the one that was in flight.
        await using var cluster = await StartAsync(limits => limits with { MicroBatchesMax = 1 });
        using var limit = new CancellationTokenSource(Answers.Limit);
        var generation = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);
        await generation.Chunks(limit.Token).FirstAsync(limit.Token);
        (await cluster.Client.StatusAsync(limit.Token)).Running.ShouldBe(1);

        await generation.DisposeAsync();

        // The engine ends it with the step in flight.
        await cluster.Client.TokensAsync(Answers.Greedy(Prompt, 1));
        var status = await cluster.Client.StatusAsync(limit.Token);
        status.Running.ShouldBe(0);
        status.KvBlocksUsed.ShouldBe(0);
    }

    [Fact]
    public async Task Dispose_OfAWaitingGeneration_TakesItFromTheQueue()
    {
        await using var cluster = await StartAsync(limits => limits with { SequencesMax = 1 });
        using var limit = new CancellationTokenSource(Answers.Limit);
        var running = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);
        var waiting = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);
        (await cluster.Client.StatusAsync(limit.Token)).Waiting.ShouldBe(1);

        await waiting.DisposeAsync();

        (await cluster.Client.StatusAsync(limit.Token)).Waiting.ShouldBe(0);
        await running.DisposeAsync();
    }

    [Fact]
    public async Task Submit_WhenTheQueueIsFull_SaysSoAtOnce()
    {
        await using var cluster = await StartAsync(limits => limits with { SequencesMax = 1, QueueMax = 1 });
        using var limit = new CancellationTokenSource(Answers.Limit);
        var first = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);
        var second = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);

        var (result, third) = await cluster.Client.SubmitAsync(Answers.Greedy(Prompt, 4000), limit.Token);

        result.Status.ShouldBe(SubmitStatus.QueueFull);
        result.RetryAfterSeconds.ShouldBeGreaterThan(0);
        third.ShouldBeNull();
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Submit_OfAPromptAsLongAsTheContext_IsRefusedWithTheLimit()
    {
        await using var cluster = await StartAsync();

        var (result, _) = await cluster.Client.SubmitAsync(Answers.Greedy(new int[4096], 1), CancellationToken.None);

        result.Status.ShouldBe(SubmitStatus.ContextLengthExceeded);
        result.TokensMax.ShouldBe(cluster.TokensMax);
    }

    [Fact]
    public async Task Chunks_OfEveryRequest_AreNumberedAndEndOnce()
    {
        await using var cluster = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => cluster.Client.AskAsync(Answers.Greedy([.. Prompt, i], i))));

        for (var i = 0; i < answers.Length; i++)
        {
            answers[i].Select(chunk => chunk.Index).ShouldBe(Enumerable.Range(0, i + 1));
            answers[i].Count(chunk => chunk.Finish is not null).ShouldBe(1);
            answers[i][^1].Finish.ShouldBe(FinishReason.Length);
        }
    }

    /// <summary>A request that goes on elsewhere: with the tokens already emitted it gives the rest of the same answer.</summary>
    [Fact]
    public async Task Submit_WithTokensAlreadyEmitted_GoesOnWithTheSameAnswer()
    {
        await using var cluster = await StartAsync();
        var request = Answers.Greedy(Prompt, 20) with { Sampling = new SamplingSettings { Temperature = 1 }, Seed = 7 };
        var whole = await cluster.Client.TokensAsync(request);

        var rest = await cluster.Client.AskAsync(request with { Id = Guid.NewGuid(), Emitted = whole[..8] });

        rest.Select(chunk => chunk.Token!.Value).ShouldBe(whole[8..]);
        rest[0].Index.ShouldBe(8);
    }

    [Fact]
    public async Task Seed_DecidesTheAnswer_AndTheChoiceToo()
    {
        await using var cluster = await StartAsync();
        Task<int[]> Ask(ulong seed, int choice) => cluster.Client.TokensAsync(
            Answers.Greedy(Prompt, 30) with { Sampling = new SamplingSettings { Temperature = 2 }, Seed = seed, Choice = choice });

        var answer = await Ask(1, 0);

        (await Ask(1, 0)).ShouldBe(answer);
        (await Ask(2, 0)).ShouldNotBe(answer);
        (await Ask(1, 1)).ShouldNotBe(answer);
    }

    [Fact]
    public async Task Shutdown_EndsWhatRunsWithAnErrorItsClientSees()
    {
        var cluster = await StartAsync();
        using var limit = new CancellationTokenSource(Answers.Limit);
        var generation = await cluster.Client.AcceptedAsync(Answers.Greedy(Prompt, 4000), limit.Token);

        await cluster.DisposeAsync();

        var chunks = await generation.Chunks(limit.Token).ToListAsync(limit.Token);
        chunks[^1].Finish.ShouldBe(FinishReason.Error);
        chunks[^1].Error!.ShouldContain("shutting down");
        (await cluster.Client.SubmitAsync(Answers.Greedy(Prompt, 1), limit.Token)).Result.Status.ShouldBe(SubmitStatus.Unavailable);
    }

    [Fact]
    public async Task Steps_WithSeveralSequences_AreTwoInFlight()
    {
        var watch = new StepWatch();
        await using var cluster = await StartAsync(silo: silo => silo.AddIncomingGrainCallFilter(watch));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => cluster.Client.TokensAsync(Answers.Greedy([.. Prompt, i], 40))));

        watch.Most.ShouldBeGreaterThanOrEqualTo(2);
    }

    private static Task<EmbeddedCluster> StartAsync(
        Func<SchedulerLimits, SchedulerLimits>? limits = null, Action<ISiloBuilder>? silo = null) =>
        EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            ModelDirectory = ScoutNano.Directory,
            Limits = context => (limits ?? (same => same))(new SchedulerLimits { ContextMax = context }),
            Silo = silo,
        });

    /// <summary>Counts the micro-batches that are inside the coordinator at once.</summary>
    private sealed class StepWatch : IIncomingGrainCallFilter
    {
        private int _inside;
        private int _most;

        public int Most => Volatile.Read(ref _most);

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.DeclaringType != typeof(ICoordinatorGrain) || context.InterfaceMethod.Name != nameof(ICoordinatorGrain.RunAsync))
            {
                await context.Invoke();
                return;
            }
            var inside = Interlocked.Increment(ref _inside);
            InterlockedMax(ref _most, inside);
            try
            {
                await context.Invoke();
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
            }
        }

        private static void InterlockedMax(ref int most, int value)
        {
            for (var seen = Volatile.Read(ref most); value > seen;)
            {
                var before = Interlocked.CompareExchange(ref most, value, seen);
                if (before == seen)
                    return;
                seen = before;
            }
        }
    }
}
