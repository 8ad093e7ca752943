using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Kv;

/// <summary>Prompts of equal tokens whose pictures differ share what comes before these, and nothing from there on; those of other salts nothing at all.</summary>
public class PictureKeysTests
{
    private static readonly KvSizes Sizes = new(BlockPositions: 4, ChunkPositions: null, ChunkedBlocks: 0, FullBlocks: 16);
    private static readonly SchedulerLimits Limits = new() { ContextMax = 40 };
    private static readonly GenerateRequest Text = new() { Id = new Guid(1, 0, 0, new byte[8]), Prompt = [.. Enumerable.Range(1, 18)], TokensMax = 20 };

    /// <summary>Rows at 5 to 8: of the second block and the third.</summary>
    [Fact]
    public void Picture_ThatDiffersInOneLevel_SharesOnlyTheBlocksBeforeIt()
    {
        var (one, other) = (With(Picture(1, 5, 4)), With(Picture(2, 5, 4)));

        CachedOf(one, after: one).ShouldBe(16);
        CachedOf(other, after: one).ShouldBe(4);
        CachedOf(Text, after: one).ShouldBe(4);
        CachedOf(one, after: Text).ShouldBe(4);
    }

    /// <summary>Its last rows are in the fourth block, which therefore differs where the first three are of the same pictures.</summary>
    [Fact]
    public void SecondPicture_ThatDiffers_KeepsTheFirst() =>
        CachedOf(With(Picture(1, 5, 2), Picture(3, 13, 2)), after: With(Picture(1, 5, 2), Picture(2, 13, 2))).ShouldBe(12);

    [Fact]
    public void PicturesOfOneBlock_ThatChangePlaces_AreOthers() =>
        CachedOf(With(Picture(2, 4, 1), Picture(1, 6, 1)), after: With(Picture(1, 4, 1), Picture(2, 6, 1))).ShouldBe(4);

    /// <summary>A picture of many blocks: each of them has its digest, not only the one it begins in.</summary>
    [Fact]
    public void LongPicture_ThatDiffers_SharesNoneOfItsBlocks()
    {
        CachedOf(With(Picture(2, 1, 16)), after: With(Picture(1, 1, 16))).ShouldBe(0);
        CachedOf(With(Picture(1, 1, 16)), after: With(Picture(1, 1, 16))).ShouldBe(16);
    }

    /// <summary>From the first block on, with pictures or without.</summary>
    [Fact]
    public void Salts_ThatDiffer_ShareNothing()
    {
        foreach (var request in (GenerateRequest[])[Text, With(Picture(1, 5, 4))])
        {
            CachedOf(request with { CacheSalt = "a" }, after: request with { CacheSalt = "a" }).ShouldBe(16);
            CachedOf(request with { CacheSalt = "b" }, after: request with { CacheSalt = "a" }).ShouldBe(0);
            CachedOf(request, after: request with { CacheSalt = "a" }).ShouldBe(0);
            CachedOf(request with { CacheSalt = "a" }, after: request).ShouldBe(0);
        }
    }

    private static int CachedOf(GenerateRequest request, GenerateRequest after)
    {
        var first = new BatchScheduler(Limits, Sizes, new MicroBatchPolicy(1));
        first.Submit(after);
        first.Commit(first.Next()!, [5]);
        var scheduler = new BatchScheduler(Limits, Sizes, new MicroBatchPolicy(1));
        scheduler.TakeOver(first.NamedBlocks);
        scheduler.Submit(request);
        return scheduler.Next()!.Slices.ShouldHaveSingleItem().FirstPosition;
    }

    private static GenerateRequest With(params RequestImage[] pictures) => Text with { Images = pictures };

    private static RequestImage Picture(byte level, int position, int rows) => new() { Tiles = 1, Levels = [0, level], Spans = [new ImageSpan(position, rows)] };
}
