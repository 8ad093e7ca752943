namespace Llama4.Model.Tests;

public class DrawNoiseTests
{
    /// <summary>Known answers of the authors' library (Random123, kat_vectors, philox4x32 with 10 rounds).</summary>
    [Fact]
    public void Philox_OfTheKnownCounters_GivesTheKnownAnswers()
    {
        DrawNoise.Philox((0, 0, 0, 0), (0, 0)).ShouldBe((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
        const uint Ones = uint.MaxValue;
        DrawNoise.Philox((Ones, Ones, Ones, Ones), (Ones, Ones)).ShouldBe((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
        DrawNoise.Philox((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0))
            .ShouldBe((0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
    }

    [Fact]
    public void Uniform_OverManyPositions_IsSpreadEvenly()
    {
        var cells = new int[100];
        for (var position = 0; position < 100_000; position++)
        {
            var value = DrawNoise.Uniform(ulong.MaxValue, 2, position);
            value.ShouldBeInRange(0, Math.BitDecrement(1));
            cells[(int)(value * 100)]++;
        }

        // 1,000 expected, standard deviation 31.5: six of them.
        cells.ShouldAllBe(count => count > 810 && count < 1190);
    }
}
