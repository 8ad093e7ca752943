using Llama4.Server.Plan;

namespace Llama4.Server.Tests.Plan;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("8192", 8192)]
    [InlineData("128K", 131_072)]
    [InlineData("1M", 1_048_576)]
    [InlineData("10m", 10_485_760)]
    [InlineData("0.5k", 512)]
    public void Tokens_AreBinary(string text, int tokens)
    {
        Quantity.TryTokens(text, out var found).ShouldBeTrue();
        found.ShouldBe(tokens);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1G")]
    [InlineData("4096M")]
    [InlineData("many")]
    public void Tokens_OfWhatIsNoNumberOfThem_AreRefused(string text) => Quantity.TryTokens(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("400Gb/s", 50e9)]
    [InlineData("25 Gbit/s", 3.125e9)]
    [InlineData("50GB/s", 50e9)]
    public void Link_KnowsBitsFromBytes(string text, double bytesPerS)
    {
        Quantity.TryLink(text, out var found).ShouldBeTrue();
        found.ShouldBe(bytesPerS, bytesPerS * 1e-12);
    }

    [Fact]
    public void Rates_AreRead()
    {
        Quantity.TryBandwidth("3.35TB/s", out var bandwidth).ShouldBeTrue();
        Quantity.TryFlops("989.4 TFLOPS", out var flops).ShouldBeTrue();
        Quantity.TryTime("30us", out var time).ShouldBeTrue();
        (bandwidth, flops, time).ShouldBe((3.35e12, 989.4e12, 30e-6));
        Quantity.TryBandwidth("3.35TB", out _).ShouldBeFalse();
        Quantity.TryFlops("989", out _).ShouldBeFalse();
        Quantity.TryTime("30", out _).ShouldBeFalse();
        Quantity.TryLink("400", out _).ShouldBeFalse();
    }
}
