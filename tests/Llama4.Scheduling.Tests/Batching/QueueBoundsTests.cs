using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

public class QueueBoundsTests
{
    private readonly BatchScheduler _scheduler = new(
        new SchedulerLimits { ContextMax = 40, QueueMax = 8, QueuePerCallerMax = 2 }, new KvSizes(4, 8, 16, 16), new MicroBatchPolicy(1));

    private int _requests;

    [Fact]
    public void Queue_OfOneCallerAlone_HoldsAllButTheLastPlaces()
    {
        Waiting("greedy").ShouldBe(6);
        Waiting("other").ShouldBe(2);
        Waiting("third").ShouldBe(0); // it is full
    }

    [Fact]
    public void Queue_WhenAPlaceIsFreed_GivesItToWhoHasFewerThanItsShare()
    {
        Waiting("greedy").ShouldBe(6);
        Waiting("other").ShouldBe(2);
        _scheduler.Cancel(Id(1)); // one of greedy's

        Submit("greedy").ShouldBe(SubmitStatus.QueueFull);
        Submit("other").ShouldBe(SubmitStatus.QueueFull);
        Submit("third").ShouldBe(SubmitStatus.Accepted);
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private SubmitStatus Submit(string caller) =>
        _scheduler.Submit(new GenerateRequest { Id = Id(++_requests), Prompt = [1, 2], TokensMax = 4, Caller = caller }).Result.Status;

    /// <summary>Submits until it is refused; how many were not.</summary>
    private int Waiting(string caller)
    {
        var count = 0;
        while (Submit(caller) == SubmitStatus.Accepted)
        {
            count++;
        }

        return count;
    }
}
