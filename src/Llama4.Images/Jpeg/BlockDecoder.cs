namespace Llama4.Images.Jpeg;

/// <summary>Decodes what a scan holds of one block of 8x8 samples.</summary>
internal abstract class BlockDecoder
{
    /// <param name="x">The block's place in the component, as <paramref name="y"/>.</param>
    public abstract void Decode(ref ScanBits bits, ScanComponent component, int x, int y);

    /// <summary>A restart marker was passed: nothing that follows depends on what came before.</summary>
    public virtual void Restart(ScanComponent[] components)
    {
        foreach (var component in components)
        {
            component.Prediction = 0;
        }
    }

    /// <summary>The block's first coefficient.</summary>
    protected static int FirstCoefficient(ref ScanBits bits, ScanComponent component)
    {
        var size = bits.Symbol(component.DcTable!);
        if (size > 11)
        {
            throw new ImageFormatException($"JPEG: expected a difference of at most 11 bits, found {size}");
        }

        return component.Prediction += bits.TakeSigned(size);
    }
}

/// <summary>Sequential pictures: one scan holds whole blocks, which become samples at once.</summary>
internal sealed class SequentialBlocks : BlockDecoder
{
    private readonly int[] _block = new int[64];

    public override void Decode(ref ScanBits bits, ScanComponent component, int x, int y)
    {
        var quantiser = component.Component.Quantiser!;
        var block = _block.AsSpan();
        block.Clear();
        block[0] = (short)FirstCoefficient(ref bits, component) * quantiser[0];
        for (var k = 1; k < 64; k++)
        {
            var symbol = bits.Symbol(component.AcTable!);
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size == 0)
            {
                if (zeros < 15)
                {
                    break;
                }

                k += 15;
                continue;
            }

            k += zeros;
            if (k > 63)
            {
                throw new ImageFormatException("JPEG: expected 64 coefficients in a block, found more");
            }

            int at = JpegTables.Zigzag[k];
            block[at] = bits.TakeSigned(size) * quantiser[at];
        }

        InverseDct.Transform(block, component.Component.Block(x, y), component.Component.Stride);
    }
}
