namespace Llama4.Model.Tests;

public class RopeFrequenciesTests
{
    [Theory]
    [InlineData("01-scout")]
    [InlineData("02-maverick")]
    [InlineData("03-rope-smooth-band")]
    [InlineData("07-rope-parameters-layer-types")]
    [InlineData("10-real-geometry")]
    public void InverseFrequencies_OfGoldenConfig_HaveTheReferenceBits(string name)
    {
        using var golden = new GoldenCase(name);

        Llama4Config.Load(Path.Combine(golden.Directory, "config.json")).InverseFrequencies().ShouldBe(golden.Floats("inv_freq"));
    }

    public static readonly TheoryData<string, RopeScaling?> Tables = new()
    {
        { "scout", new RopeScaling(16, 1, 1, 8192) },
        { "maverick", null },
        { "seed_8_4_1", new RopeScaling(8, 1, 4, 8192) },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void Compute_WithRealConstants_HasTheReferenceBits(string table, RopeScaling? scaling)
    {
        using var golden = new GoldenCase("17-numerics");

        RopeFrequencies.Compute(128, 500_000, scaling).ShouldBe(golden.Floats($"rope.{table}.inv_freq"));
    }

    [Fact]
    public void Compute_ForScout_DividesFrom35OnBy16()
    {
        var plain = RopeFrequencies.Compute(128, 500_000, null);
        var scout = RopeFrequencies.Compute(128, 500_000, new RopeScaling(16, 1, 1, 8192));

        scout[..35].ShouldBe(plain[..35]);
        scout[35..].ShouldBe(plain[35..].Select(frequency => frequency / 16).ToArray());
    }
}
