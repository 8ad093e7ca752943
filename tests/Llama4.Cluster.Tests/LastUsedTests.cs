namespace Llama4.Cluster.Tests;

public class LastUsedTests
{
    [Fact]
    public void Table_PastItsBound_ForgetsWhatWasNotAskedForLongest()
    {
        var table = new LastUsed<int, string>(2);
        table.Add(1, "one").ShouldBeNull();
        table.Add(2, "two").ShouldBeNull();
        table.Find(1).ShouldBe("one");

        table.Add(3, "three").ShouldBe("two");

        table.Find(2).ShouldBeNull();
        table.Add(3, "other").ShouldBe("three");
        (table.Count, table.Find(1), table.Find(3)).ShouldBe((2, "one", "other"));
    }
}
