using Llama4.Server.Pipeline;

namespace Llama4.Server.Tests.Pipelines;

public sealed class PipelineSettingsTests
{
    [Fact]
    public void Slower_OfMoreHosts_IsMore()
    {
        var settings = Settings(slower: null);

        var slower = ((int[])[1, 4, 16, 64]).Select(hosts => settings.SlowerOf(hosts, layers: 16)).ToArray();

        slower.ShouldBeInOrder();
        slower[^1].ShouldBe(slower[^2] * 4, tolerance: slower[^1] * 0.01, "four times the stages, four times the steps");
        slower.ShouldAllBe(one => one >= 1);
    }

    [Fact]
    public void Slower_ThatIsGiven_IsTaken() => Settings(slower: 3).SlowerOf(64, layers: 16).ShouldBe(3);

    [Fact]
    public void Slower_OfDevicesThatTakeNoTime_IsReal() =>
        (Settings(slower: null) with { Attention = TimeSpan.Zero, Experts = TimeSpan.Zero }).SlowerOf(64, layers: 16).ShouldBe(1);

    /// <summary>Times so short that four hosts need it, whatever cores there are.</summary>
    private static PipelineSettings Settings(double? slower) => new(
        [1], TimeSpan.FromMicroseconds(1), TimeSpan.FromMicroseconds(1), TimeSpan.Zero, 2, null, slower, null, null, TimeSpan.FromSeconds(1));
}
