using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

public class KeptKvTests
{
    private static readonly KvSizes Sizes = new(BlockPositions: 4, ChunkPositions: 8, ChunkedBlocks: 8, FullBlocks: 16);
    private static readonly SchedulerLimits Limits = new() { ContextMax = 40 };
    private static readonly GenerateRequest Request = new() { Id = new Guid(1, 0, 0, new byte[8]), Prompt = [.. Enumerable.Range(1, 14)], TokensMax = 20 };

    [Fact]
    public void DropKv_WithAllBlocksKept_ComputesTheLastIncompleteOneAgain()
    {
        var scheduler = Started();
        scheduler.DropKv(scheduler.NamedBlocks);

        Rows(scheduler).ShouldBe((12, 3)); // 14 of the prompt and 1 drawn
        scheduler.CheckIntegrity();
    }

    [Fact]
    public void DropKv_WithBlocksThatWereNamedAnew_KeepsNoneOfThem()
    {
        var scheduler = Started();
        var before = scheduler.NamedBlocks;
        scheduler.TakeOver(before);
        scheduler.DropKv(before);

        Rows(scheduler).ShouldBe((0, 8)); // up to the chunk's end
        scheduler.NamedBlocks.ShouldBeEmpty();
    }

    [Fact]
    public void TakeOver_GivesThePrefixToASequenceThatIsSubmittedAgain()
    {
        var scheduler = new BatchScheduler(Limits, Sizes, new MicroBatchPolicy(1));
        scheduler.TakeOver(Started().NamedBlocks);
        scheduler.Submit(Request with { Emitted = [5] });

        Rows(scheduler).ShouldBe((12, 3));
    }

    private static BatchScheduler Started()
    {
        var scheduler = new BatchScheduler(Limits, Sizes, new MicroBatchPolicy(1));
        scheduler.Submit(Request);
        scheduler.Commit(scheduler.Next()!, []);
        scheduler.Commit(scheduler.Next()!, [5]);
        return scheduler;
    }

    private static (int First, int Rows) Rows(BatchScheduler scheduler)
    {
        var slice = scheduler.Next()!.Slices.ShouldHaveSingleItem();
        return (slice.FirstPosition, slice.Rows);
    }
}
