namespace Llama4.Images.Jpeg;

/// <summary>Progressive pictures: a scan holds some bits of some coefficients of each block (ITU-T T.81, annex G).</summary>
internal sealed class ProgressiveBlocks(JpegScan scan) : BlockDecoder
{
    private int _emptyBlocks; // that follow, this one included, without anything new in them

    public override void Decode(ref ScanBits bits, ScanComponent component, int x, int y)
    {
        var of = component.Component;
        var block = of.Coefficients.AsSpan(64 * (y * of.StoredBlocksAcross + x), 64);
        switch (scan)
        {
            case { First: 0, LowestBefore: 0 }:
                block[0] = (short)(FirstCoefficient(ref bits, component) << scan.Lowest);
                break;
            case { First: 0 }:
                block[0] |= (short)(bits.Take(1) << scan.Lowest);
                break;
            case { LowestBefore: 0 }:
                Begin(ref bits, component.AcTable!, block);
                break;
            default:
                Refine(ref bits, component.AcTable!, block);
                break;
        }
    }

    public override void Restart(ScanComponent[] components)
    {
        base.Restart(components);
        _emptyBlocks = 0;
    }

    /// <summary>The highest bits of coefficients.</summary>
    private void Begin(ref ScanBits bits, HuffmanTable table, Span<short> block)
    {
        if (_emptyBlocks > 0)
        {
            _emptyBlocks--;
            return;
        }

        for (var k = scan.First; k <= scan.Last; k++)
        {
            var symbol = bits.Symbol(table);
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && zeros < 15)
            {
                _emptyBlocks = (1 << zeros) + bits.Take(zeros) - 1;
                return;
            }

            k += zeros;
            if (size > 0)
            {
                block[Place(k)] = (short)(bits.TakeSigned(size) << scan.Lowest);
            }
        }
    }

    /// <summary>One more bit: of coefficients that are not zero, and of those that become so.</summary>
    private void Refine(ref ScanBits bits, HuffmanTable table, Span<short> block)
    {
        var k = scan.First;
        while (_emptyBlocks == 0 && k <= scan.Last)
        {
            var symbol = bits.Symbol(table);
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size > 1)
            {
                throw new ImageFormatException($"JPEG: expected one more bit of a coefficient, found {size}");
            }

            if (size == 0 && zeros < 15)
            {
                _emptyBlocks = (1 << zeros) + bits.Take(zeros);
                break;
            }

            var value = size == 0 ? 0 : bits.Take(1) == 1 ? 1 << scan.Lowest : -(1 << scan.Lowest);
            k = Pass(ref bits, block, k, zeros);
            if (value != 0)
            {
                block[Place(k)] = (short)value;
            }

            k++;
        }

        if (_emptyBlocks > 0)
        {
            Pass(ref bits, block, k, zeros: 64);
            _emptyBlocks--;
        }
    }

    /// <summary>Refines the coefficients from <paramref name="k"/> on that are not zero.</summary>
    /// <param name="zeros">How many zeros to pass.</param>
    /// <returns>The zero after those; beyond the last coefficient if there is none.</returns>
    private int Pass(ref ScanBits bits, Span<short> block, int k, int zeros)
    {
        var bit = 1 << scan.Lowest;
        for (; k <= scan.Last; k++)
        {
            ref var coefficient = ref block[JpegTables.Zigzag[k]];
            if (coefficient == 0)
            {
                if (zeros-- == 0)
                {
                    break;
                }
            }
            else if (bits.Take(1) == 1 && (coefficient & bit) == 0)
            {
                coefficient += (short)(coefficient > 0 ? bit : -bit);
            }
        }

        return k;
    }

    private int Place(int k) => k <= scan.Last
        ? JpegTables.Zigzag[k]
        : throw new ImageFormatException($"JPEG: expected coefficients up to {scan.Last} in a block, found {k}");
}
