using Llama4.Scheduling;

namespace Llama4.Tests;

public class InFlightWindowTests
{
    [Fact]
    public void Window_WhenAnsweredOutOfOrder_KeepsTheRestAndItsBound()
    {
        var window = new InFlightWindow<string>(2);
        window.Add(1, "a");
        window.Add(4, "b");
        window.IsFull.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => window.Add(5, "c"));
        window.TryRemove(1, out var first).ShouldBeTrue();
        first.ShouldBe("a");
        window.TryRemove(1, out _).ShouldBeFalse();
        Should.Throw<InvalidOperationException>(() => window.Add(4, "again"));
        window.Entries[0].ShouldBe((4, "b"));
    }
}
