using System.Text.Json;

namespace Llama4.Images.Tests.Tiling;

public sealed class PixelValuesTests
{
    [Fact]
    public void Bf16Bits_AreTheReferences()
    {
        using var tables = JsonDocument.Parse(File.ReadAllText(Golden.Path("image", "tables.json")));

        PixelValues.Bf16Bits.ToArray().ShouldBe(tables.RootElement.GetProperty("normalised_bf16_bits").EnumerateArray().Select(bits => bits.GetUInt16()));
    }

    [Fact]
    public void Write_AsSingles_GivesTheValuesOfTheBits()
    {
        byte[] levels = [.. Enumerable.Range(0, 256).Select(level => (byte)level)];
        var (bits, singles) = (new ushort[256], new float[256]);

        PixelValues.Write(levels, bits);
        PixelValues.Write(levels, singles);

        singles.Select(value => BitConverter.SingleToUInt32Bits(value)).ShouldBe(bits.Select(value => (uint)value << 16));
        (singles[0], singles[255]).ShouldBe((-1, 1));
    }
}
