using Llama4.Scheduling;

namespace Llama4.Tests.Kv;

public class KvMoveTests
{
    private static readonly NamedBlock A = Block(0, naming: 1), B = Block(1, naming: 2), C = Block(2, naming: 3);
    private static readonly NamedBlock Chunked = new(true, 0, new PrefixHash(9, 9), 1);

    [Fact]
    public void Kept_OfBlocksThatAllLayersHave_IsThese()
    {
        var move = new KvMove(movesFull: true, movesChunked: false, pageBlocks: 2);
        Copy(move, move.Missing([A, B])[0]);

        move.Missing([A, B, C]).ShouldHaveSingleItem().Blocks.ShouldBe([C]);
        move.Kept([A, B, C]).ShouldBe([A, B]);
    }

    [Fact]
    public void Kept_OfABlockThatWasReusedWithTheSameContent_IsWithoutIt()
    {
        var move = new KvMove(movesFull: true, movesChunked: false, pageBlocks: 2);
        Copy(move, move.Missing([A])[0]);
        var again = A with { Naming = 7 }; // its copy may be of what was written between the two

        move.Kept([again]).ShouldBeEmpty();
        Copy(move, move.Missing([again])[0]);
        move.Kept([again]).ShouldBe([again]);
    }

    [Fact]
    public void Kept_OfAPageUnderWay_IsNothing()
    {
        var move = new KvMove(movesFull: true, movesChunked: false, pageBlocks: 2);
        var page = move.Missing([A, B])[0];
        Copy(move, page);
        move.Begin(page);

        move.Kept([A, B]).ShouldBeEmpty();
    }

    [Fact]
    public void Kept_AfterAHostBeganWithOtherMemory_IsNothing()
    {
        var move = new KvMove(movesFull: true, movesChunked: false, pageBlocks: 2);
        Copy(move, move.Missing([A, B])[0]);
        move.Forget();

        move.Kept([A, B]).ShouldBeEmpty();
    }

    [Fact]
    public void Kept_OfAKindWhoseLayersStay_IsAll()
    {
        var move = new KvMove(movesFull: true, movesChunked: false, pageBlocks: 2);

        move.Missing([A, Chunked]).ShouldHaveSingleItem().Blocks.ShouldBe([A]);
        move.Kept([A, Chunked]).ShouldBe([Chunked]);
    }

    [Fact]
    public void Missing_OfBothKinds_IsByTurns()
    {
        var move = new KvMove(movesFull: true, movesChunked: true, pageBlocks: 1);

        move.Missing([A, B, Chunked, C]).SelectMany(page => page.Blocks).ShouldBe([A, Chunked, B, C]);
    }

    [Fact]
    public void IsWorthARound_UntilLittleIsLeft()
    {
        KvPage[] one = [new(false, [A])], three = [.. Enumerable.Repeat(one[0], 3)];

        KvMove.IsWorthARound(0, one).ShouldBeTrue();
        KvMove.IsWorthARound(0, []).ShouldBeFalse();
        KvMove.IsWorthARound(1, one).ShouldBeFalse();
        KvMove.IsWorthARound(2, three).ShouldBeTrue();
        KvMove.IsWorthARound(KvMove.RoundsMax, three).ShouldBeFalse();
    }

    private static void Copy(KvMove move, KvPage page)
    {
        move.Begin(page);
        move.End(page);
    }

    private static NamedBlock Block(int number, long naming) => new(false, number, new PrefixHash((ulong)number, 1), naming);
}
