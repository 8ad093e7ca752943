using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

/// <summary>Answers that another engine had begun, among new requests.</summary>
public class ReadAnswersTests
{
    private readonly BatchScheduler _scheduler = new(
        new SchedulerLimits { ContextMax = 64, SequencesMax = 2, TokensPerStepMax = 32, QueueMax = 4, QueuePerCallerMax = 2 }, new KvSizes(4, 8, 64, 64), new MicroBatchPolicy(1));

    private int _requests;

    [Fact]
    public void ReadAnswers_AreAdmittedFirst_InOrder()
    {
        Submit("new", 0);
        Submit("new", 0);
        Submit("old", 3);
        Submit("older", 3);

        var step = _scheduler.Next()!;

        step.Slices.Select(slice => _scheduler.View(slice.Sequence).Request.Caller).ShouldBe(["old", "older"]);
    }

    /// <summary>The other was admitted before.</summary>
    [Fact]
    public void ReadAnswers_ArePrefilledFirst()
    {
        Submit("new", 0, prompt: 40);
        _scheduler.Commit(_scheduler.Next()!, []);
        Submit("old", 3);

        var step = _scheduler.Next()!;

        step.Slices.Select(slice => (_scheduler.View(slice.Sequence).Request.Caller, slice.Rows)).ShouldBe([("old", 5), ("new", 8)]);
    }

    [Fact]
    public void ReadAnswers_OfOneCaller_AreCountedToIt()
    {
        Submit("old", 3);
        Submit("other", 3);
        var first = _scheduler.Next()!;
        _scheduler.Commit(first, [7, 7]);
        Submit("old", 0);
        Submit("third", 0);
        _scheduler.Cancel(Id(1));

        _scheduler.Next()!.Slices.Select(slice => _scheduler.View(slice.Sequence).Request.Caller).ShouldBe(["other", "third"]);
    }

    [Fact]
    public void FullQueue_HasRoomForReadAnswers_AndABound()
    {
        while (Submit("new", 0) == SubmitStatus.Accepted || Submit("other", 0) == SubmitStatus.Accepted)
        {
        }

        Submit("old", 3).ShouldBe(SubmitStatus.Accepted);
        Submit("old", 3).ShouldBe(SubmitStatus.Accepted);
        Submit("old", 3).ShouldBe(SubmitStatus.QueueFull);
        Submit("new", 0).ShouldBe(SubmitStatus.QueueFull);
        _scheduler.CheckIntegrity();
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private SubmitStatus Submit(string caller, int emitted, int prompt = 2) => _scheduler.Submit(new GenerateRequest
    {
        Id = Id(++_requests), Prompt = [.. Enumerable.Range(1, prompt).Select(token => 100 * _requests + token)], Emitted = [.. Enumerable.Range(1, emitted)], TokensMax = 20, Caller = caller,
    }).Result.Status;
}
