using Llama4.Server.Output;

namespace Llama4.Server.Tests.Output;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("4GB", 4_000_000_000)]
    [InlineData("4 gib", 4L << 30)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("64k", 65_536)]
    [InlineData("1048576", 1_048_576)]
    [InlineData("7B", 7)]
    public void Size_InAnyUnit_IsBytes(string text, long bytes)
    {
        ByteSize.TryParse(text, out var parsed).ShouldBeTrue();
        parsed.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1GB")]
    [InlineData("GB")]
    [InlineData("1,5GB")]
    [InlineData("4 giraffes")]
    [InlineData("99999999TB")]
    [InlineData("NaN")]
    public void Size_ThatIsNone_IsRefused(string text) => ByteSize.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(20_298_176, "20.3 MB")]
    [InlineData(217_283_587_072, "217 GB")]
    public void Size_ForPeople_HasThreeDigits(long bytes, string text) => ByteSize.Format(bytes).ShouldBe(text);
}
