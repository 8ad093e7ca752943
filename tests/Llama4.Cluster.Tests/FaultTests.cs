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
    public async Task Submission_WhoseAnswerIsLost_IsMadeAgainAndAnsweredOnce()
    {
        var calls = new LostAnswers();
        await using var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Silo = silo => silo.AddIncomingGrainCallFilter(calls) });
        var request = Answers.Greedy(Prompt, 60);

        var tokens = await cluster.Client.TokensAsync(request);

        calls.Submissions.ShouldBeGreaterThanOrEqualTo(2); // more where an answer takes so long that another way is tried
        tokens.ShouldBe(await cluster.Client.TokensAsync(request with { Id = Guid.NewGuid() }));
        var status = await cluster.Client.StatusAsync(CancellationToken.None);
        status.Running.ShouldBe(0); // the first of the two was replaced
        status.KvBlocksUsed.ShouldBe(0);
    }

    [Fact]
    public async Task Poll_WhoseAnswerIsLost_IsAskedAgainAndNoTokenIsMissing()
    {
        var calls = new LostAnswers { LosesPolls = true };
        await using var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Silo = silo => silo.AddIncomingGrainCallFilter(calls) });

        while (calls.Lost < 4) // a poll brings all that came since the one before
        {
            var chunks = await cluster.Client.AskAsync(Answers.Greedy(Prompt, 240));
            chunks.Select(chunk => chunk.Index).ShouldBe(Enumerable.Range(0, 240));
        }
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

    /// <summary>Calls arrive, the answer to the first submission (or to every fifth poll) does not.</summary>
    private sealed class LostAnswers : IIncomingGrainCallFilter
    {
        private int _submissions;
        private int _polls;
        private int _lost;

        public bool LosesPolls { get; init; }

        public int Submissions => Volatile.Read(ref _submissions);

        public int Lost => Volatile.Read(ref _lost);

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.InterfaceMethod.DeclaringType != typeof(IEngineGrain))
                return;
            var isLost = LosesPolls
                ? context.InterfaceMethod.Name == nameof(IEngineGrain.PollAsync) && Interlocked.Increment(ref _polls) % 5 == 0
                : context.InterfaceMethod.Name == nameof(IEngineGrain.SubmitAsync) && Interlocked.Increment(ref _submissions) == 1;
            if (!isLost)
                return;
            Interlocked.Increment(ref _lost);
            throw new TimeoutException("this answer was made to get lost");
        }
    }
}
