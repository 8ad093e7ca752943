using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

/// <summary>Which rows of prompts with log-probabilities have logits. Blocks have 4 positions, attention chunks 16.</summary>
public class ForcedRowsTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(100, 13)];

    private readonly BatchScheduler _scheduler = new(
        new SchedulerLimits { ContextMax = 40, SequencesMax = 6, TokensPerStepMax = 64 }, new KvSizes(4, 16, 32, 32), new MicroBatchPolicy(1));

    private int _requests;

    [Fact]
    public void Prompt_WithLogprobs_HasALogitRowForEachTokenButTheFirst()
    {
        Submit(Prompt, logprobs: 2);

        var steps = Drain();

        steps.SelectMany(step => step.LogitRows.Select(row => step.Positions[row])).Take(13).ShouldBe(Enumerable.Range(0, 13)); // the last is drawn from
        steps.ShouldAllBe(step => step.LogitRows.Length <= 6);
        steps.Take(3).Select(step => (step.Rows, step.LogitRows.Length)).ShouldBe([(6, 6), (6, 6), (1, 1)]);
    }

    [Fact]
    public void Prompt_WithoutLogprobs_HasOne()
    {
        Submit(Prompt);

        Drain()[0].LogitRows.ShouldBe([12]);
    }

    [Fact]
    public void Answer_OfNoTokens_LeavesTheLastRowOut()
    {
        var emissions = new List<Emission>();
        Submit(Prompt, logprobs: 0, tokensMax: 0);

        var steps = Drain(emissions);

        steps.SelectMany(step => step.Positions).ShouldBe(Enumerable.Range(0, 12));
        emissions.Select(emission => (emission.Forced.First, emission.Forced.Count, emission.Token, emission.Finish))
            .ShouldBe([(1, 6, null, null), (7, 6, null, FinishReason.Length)]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, null)]
    [InlineData(13, null)]
    public void Answer_OfNoTokensAndNothingToTellOfItsPrompt_IsOverAtOnce(int tokens, int? logprobs)
    {
        var ended = Submit(Prompt[..tokens], logprobs, tokensMax: 0).Ended!.Value;

        (ended.Finish, ended.Index, ended.Token).ShouldBe((FinishReason.Length, 0, null));
        _scheduler.Next().ShouldBeNull();
    }

    [Fact]
    public void Prompt_WithLogprobs_TakesNothingFromTheCacheAndGivesToIt()
    {
        Submit(Prompt);
        Drain();
        var emissions = new List<Emission>();

        Submit(Prompt, logprobs: 1);
        Drain(emissions)[0].Positions[0].ShouldBe(0);
        emissions.ShouldAllBe(emission => emission.CachedTokens == 0);

        int[] other = [.. Prompt.Select(id => id + 50)];
        Submit(other, logprobs: 1);
        Drain();
        Submit(other);
        Drain()[0].Positions[0].ShouldBe(12);
    }

    [Fact]
    public void Prompt_OfWhichSomeIsReported_TakesThatMuchFromTheCache()
    {
        Submit(Prompt);
        Drain();

        Submit(Prompt, logprobs: 1, reported: 10);
        var step = Drain()[0];

        step.Positions.ShouldBe([8, 9, 10, 11, 12]);
        step.LogitRows.ShouldBe([1, 2, 3, 4]); // of positions 9, 10, 11, and the drawn token's
    }

    [Fact]
    public void Steps_WithManySequences_GiveEachALogitRowAndShareTheOthers()
    {
        for (var i = 0; i < 3; i++)
        {
            Submit([.. Prompt.Select(id => id + 20 * i)]);
        }

        Commit(_scheduler.Next()!);
        Submit([.. Prompt.Select(id => id + 200)], logprobs: 1);
        Submit([.. Prompt.Select(id => id + 300)], logprobs: 1);

        var step = _scheduler.Next()!;

        step.Slices.Select(slice => (slice.Rows, slice.LogitRows)).ShouldBe([(1, 1), (1, 1), (1, 1), (2, 2), (1, 1)]);
    }

    private Submission Submit(int[] prompt, int? logprobs = null, int tokensMax = 3, int reported = 0) => _scheduler.Submit(new GenerateRequest
    {
        Id = new Guid(++_requests, 0, 0, new byte[8]), Prompt = prompt, TokensMax = tokensMax, PromptLogprobs = logprobs, PromptReported = reported,
    });

    private IReadOnlyList<Emission> Commit(StepPlan step) => _scheduler.Commit(step, new int[step.LogitRows.Length]);

    /// <summary>All steps there are.</summary>
    private List<StepPlan> Drain(List<Emission>? emissions = null)
    {
        var steps = new List<StepPlan>();
        while (_scheduler.Next() is { } step)
        {
            steps.Add(step with { Positions = [.. step.Positions] });
            emissions?.AddRange(Commit(step));
            if (emissions is null)
            {
                Commit(step);
            }
        }

        _scheduler.CheckIntegrity();
        return steps;
    }
}
