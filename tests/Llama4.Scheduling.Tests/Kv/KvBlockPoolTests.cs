using Llama4.Scheduling;

namespace Llama4.Tests.Kv;

public class KvBlockPoolTests
{
    private static readonly PrefixHash One = new(1, 0), Two = new(2, 0), Three = new(3, 0);

    [Fact]
    public void Named_GivesHeldBlocksInOrderThenCachedOnesTheLastUsedFirst()
    {
        var pool = new KvBlockPool(5);
        int a = pool.Rent(), b = pool.Rent(), c = pool.Rent();
        pool.Rent();
        pool.Name(c, Three);
        pool.Name(a, One);
        pool.Name(b, Two);
        pool.Release(c);
        pool.Release(a);

        pool.Named().Select(found => found.Block).ShouldBe([b, a, c]);
    }

    [Fact]
    public void Named_OfABlockThatGotTheSameNameAgain_HasAnotherNaming()
    {
        var pool = new KvBlockPool(1);
        var block = pool.Rent();
        pool.Name(block, One);
        var first = pool.Named().Single().Naming;
        pool.Release(block);
        pool.Name(pool.Rent(), One);

        pool.Named().Single().Naming.ShouldNotBe(first);
    }

    [Fact]
    public void Restart_CachesTheContentsAndEvictsTheLastOfThemFirst()
    {
        var pool = new KvBlockPool(3);
        pool.Restart([(2, One), (0, Two)]);
        pool.CheckIntegrity([]);

        pool.TryFind(One, out var block).ShouldBeTrue();
        block.ShouldBe(2);
        pool.Rent().ShouldBe(1);
        pool.Rent().ShouldBe(0);
        pool.TryFind(Two, out _).ShouldBeFalse();
    }

    [Fact]
    public void Restart_WhileBlocksAreHeld_IsRefused()
    {
        var pool = new KvBlockPool(2);
        pool.Rent();

        Should.Throw<InvalidOperationException>(() => pool.Restart([]));
    }
}
