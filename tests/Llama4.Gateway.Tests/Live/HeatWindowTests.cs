using Llama4.Contracts;
using Llama4.Gateway.Live;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Live;

public class HeatWindowTests
{
    private static readonly HostStatus Host = new ScriptedAdmin().Status.Hosts[0];

    [Fact]
    public void Tokens_OlderThanTheWindow_AreNoMoreTold()
    {
        var window = new HeatWindow(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));

        // 10 tokens come in the second before the third sample.
        var told = Enumerable.Range(0, 10).Select(second => window.Add(TimeSpan.FromSeconds(second + (second * 0.003)), [Counts(second < 2 ? 100 : 110)], 1)[0]).ToArray();

        told.ShouldBe([0, 0, 10, 10, 10, 10, 10, 0, 0, 0]);
    }

    [Fact]
    public void Hosts_ThatComeAndGo_AreCountedFromWhereTheyCameIn()
    {
        var window = new HeatWindow(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        var other = new HostId("other");

        window.Add(TimeSpan.FromSeconds(0), [Counts(5)], 1).ShouldBe([0]);
        window.Add(TimeSpan.FromSeconds(1), [Counts(6), Counts(1000) with { Host = other }], 1).ShouldBe([1]);
        window.Add(TimeSpan.FromSeconds(2), [Counts(7), Counts(1003) with { Host = other }], 1).ShouldBe([5]);
        window.Add(TimeSpan.FromSeconds(3), [Counts(1004) with { Host = other }], 1).ShouldBe([4], "who does not tell is not counted");
        window.Add(TimeSpan.FromSeconds(4), [Host with { RoutedTokens = [1, 2] }], 1).ShouldBe([0], "another model's host, or one that was not asked");
    }

    private static HostStatus Counts(long tokens) => Host with { RoutedTokens = [tokens] };
}
