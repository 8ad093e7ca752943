using Llama4.Contracts;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests;

/// <summary>What fails is done again or told, and ends once.</summary>
public class FaultTests
{
    private static readonly int[] Prompt = [ScoutNano.Bos, 10, 20, 30];

    [Fact]
    public async Task Step_ThatFailsNowAndThen_IsDoneAgainWithTheSameTokens()
    {
        var request = Answers.Greedy(Prompt, 60);
        int[] undisturbed;
        await using (var cluster = await StartAsync(null))
            undisturbed = await cluster.Client.TokensAsync(request);
        var faults = new FailingCalls(call => call % 97 == 0);
        await using var disturbed = await StartAsync(faults);

        (await disturbed.Client.TokensAsync(request)).ShouldBe(undisturbed);

        faults.Failed.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task Step_ThatAlwaysFails_EndsItsRequestsOnceWithTheReason()
    {
        await using var cluster = await StartAsync(new FailingCalls(_ => true));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => cluster.Client.AskAsync(Answers.Greedy(Prompt, 60))));

        foreach (var chunks in answers)
        {
            chunks.Single().Finish.ShouldBe(FinishReason.Error);
            chunks.Single().Error!.ShouldContain("made to fail");
        }
        var status = await cluster.Client.StatusAsync(CancellationToken.None);
        status.Running.ShouldBe(0);
        status.KvBlocksUsed.ShouldBe(0);
    }

    [Fact]
    public async Task Submission_WhoseAnswerIsLost_IsCancelledInTheEngine()
    {
        var calls = new LostAnswers();
        await using var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Silo = silo => silo.AddIncomingGrainCallFilter(calls) });
        var request = Answers.Greedy(Prompt, 4000);

        var (result, generation) = await cluster.Client.SubmitAsync(request, CancellationToken.None);

        generation.ShouldBeNull();
        result.Status.ShouldBe(SubmitStatus.Unavailable);
        (await calls.Cancelled.WaitAsync(Answers.Limit)).ShouldBe(request.Id);
        await cluster.Client.TokensAsync(Answers.Greedy(Prompt, 3)); // it is free within one step
        (await cluster.Client.StatusAsync(CancellationToken.None)).Running.ShouldBe(0);
    }

    private static Task<EmbeddedCluster> StartAsync(FailingCalls? faults) => EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
    {
        ModelDirectory = ScoutNano.Directory,
        Silo = silo =>
        {
            if (faults is not null)
                silo.AddIncomingGrainCallFilter(faults);
        },
    });

    /// <summary>Makes some calls of expert groups fail, after they have done their work.</summary>
    private sealed class FailingCalls(Func<int, bool> fails) : IIncomingGrainCallFilter
    {
        private int _calls;
        private int _failed;

        public int Failed => Volatile.Read(ref _failed);

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.InterfaceMethod.DeclaringType == typeof(IExpertGroupGrain)
                && context.InterfaceMethod.Name == nameof(IExpertGroupGrain.RunAsync)
                && fails(Interlocked.Increment(ref _calls)))
            {
                Interlocked.Increment(ref _failed);
                throw new IOException("this call was made to fail");
            }
        }
    }

    /// <summary>Submissions arrive, the answer to the first does not.</summary>
    private sealed class LostAnswers : IIncomingGrainCallFilter
    {
        private int _submissions;
        private readonly TaskCompletionSource<Guid> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The first request that was cancelled, when it has been.</summary>
        public Task<Guid> Cancelled => _cancelled.Task;

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.InterfaceMethod.DeclaringType != typeof(IEngineGrain))
                return;
            if (context.InterfaceMethod.Name == nameof(IEngineGrain.SubmitAsync) && Interlocked.Increment(ref _submissions) == 1)
                throw new TimeoutException("this answer was made to get lost");
            if (context.InterfaceMethod.Name == nameof(IEngineGrain.CancelAsync))
                _cancelled.TrySetResult((Guid)context.Request.GetArgument(0)!);
        }
    }
}
