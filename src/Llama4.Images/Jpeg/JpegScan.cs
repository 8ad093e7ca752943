namespace Llama4.Images.Jpeg;

/// <summary>One scan: which components and which of their coefficients' bits it holds, in which tables' codes.</summary>
internal sealed class JpegScan
{
    /// <summary>Blocks of all components in one unit: the standard's bound.</summary>
    private const int UnitBlocksMax = 10;

    /// <summary>
    /// Scans of one component of a progressive picture. Encoders make about ten of a picture; without a bound, a few bytes a scan
    /// would buy a walk through all its blocks.
    /// </summary>
    private const int ScansMax = 64;

    public required ScanComponent[] Components { get; init; }

    /// <summary>First coefficient, in zigzag order.</summary>
    public required int First { get; init; }

    /// <summary>Last coefficient.</summary>
    public required int Last { get; init; }

    /// <summary>The lowest bit known before this scan; 0 if it is the first for its coefficients.</summary>
    public required int LowestBefore { get; init; }

    /// <summary>The lowest bit known after it.</summary>
    public required int Lowest { get; init; }

    public static JpegScan Read(ReadOnlySpan<byte> segment, JpegFrame frame, JpegTables tables)
    {
        if (segment.IsEmpty || segment[0] is < 1 or > 4 || segment.Length != 4 + 2 * segment[0])
        {
            throw new ImageFormatException($"JPEG: expected a scan header, found {segment.Length} bytes that are none");
        }

        var components = new ScanComponent[segment[0]];
        for (var i = 0; i < components.Length; i++)
        {
            components[i] = ReadComponent(segment[1 + 2 * i], segment[2 + 2 * i], frame, tables);
        }

        var tail = segment[^3..];
        var scan = new JpegScan { Components = components, First = tail[0], Last = tail[1], LowestBefore = tail[2] >> 4, Lowest = tail[2] & 15 };
        scan.Check(frame);
        foreach (var one in components)
        {
            one.Component.Begin(tables.Quantisers, frame.Progressive);
        }

        return scan;
    }

    /// <summary>Decodes the scan's data.</summary>
    /// <returns>Where a marker may follow.</returns>
    public int Decode(ReadOnlySpan<byte> file, int at, JpegFrame frame, int restartInterval)
    {
        var bits = new ScanBits(file, at);
        BlockDecoder decoder = frame.Progressive ? new ProgressiveBlocks(this) : new SequentialBlocks();
        var alone = Components.Length == 1 ? Components[0].Component : null;
        var (across, down) = alone is null ? frame.Units : (alone.BlocksAcross, alone.BlocksDown);
        var (toRestart, restarts) = (restartInterval, 0);
        for (var y = 0; y < down; y++)
        {
            for (var x = 0; x < across; x++)
            {
                if (restartInterval > 0 && toRestart-- == 0)
                {
                    bits.Restart(restarts++ & 7);
                    decoder.Restart(Components);
                    toRestart = restartInterval - 1;
                }

                if (alone is not null)
                {
                    decoder.Decode(ref bits, Components[0], x, y);
                }
                else
                {
                    DecodeUnit(ref bits, decoder, x, y);
                }
            }
        }

        return bits.Position;
    }

    private void DecodeUnit(ref ScanBits bits, BlockDecoder decoder, int x, int y)
    {
        foreach (var one in Components)
        {
            var (across, down) = (one.Component.Across, one.Component.Down);
            for (var v = 0; v < down; v++)
            {
                for (var h = 0; h < across; h++)
                {
                    decoder.Decode(ref bits, one, x * across + h, y * down + v);
                }
            }
        }
    }

    private static ScanComponent ReadComponent(int id, int numbers, JpegFrame frame, JpegTables tables)
    {
        var component = Array.Find(frame.Components, one => one.Id == id)
            ?? throw new ImageFormatException($"JPEG: expected components of the frame in a scan, found component {id}");
        return (numbers >> 4) <= 3 && (numbers & 15) <= 3
            ? new ScanComponent(component, tables.Dc[numbers >> 4], tables.Ac[numbers & 15])
            : throw new ImageFormatException($"JPEG: expected Huffman tables 0 to 3, found {numbers >> 4} and {numbers & 15}");
    }

    private void Check(JpegFrame frame)
    {
        if (Components.Length > 1 && Components.Sum(one => one.Component.Across * one.Component.Down) > UnitBlocksMax)
        {
            throw new ImageFormatException($"JPEG: expected at most {UnitBlocksMax} blocks in a unit, found more");
        }

        if (Components.Select(one => one.Component).Distinct().Count() != Components.Length)
        {
            throw new ImageFormatException("JPEG: expected different components in a scan, found one twice");
        }

        var (needsDc, needsAc) = frame.Progressive ? (First == 0 && LowestBefore == 0, First > 0) : (true, true);
        foreach (var one in Components)
        {
            if ((needsDc && one.DcTable is null) || (needsAc && one.AcTable is null))
            {
                throw new ImageFormatException("JPEG: expected Huffman tables before the scan that uses them, found none");
            }

            if (++one.Component.Scans > (frame.Progressive ? ScansMax : 1))
            {
                throw new ImageFormatException($"JPEG: expected at most {(frame.Progressive ? ScansMax : 1)} scans of a component, found more");
            }
        }

        if (frame.Progressive)
        {
            CheckProgress();
        }
    }

    /// <summary>Each coefficient's bits come from the highest down, each once; else what was decoded is not what was encoded.</summary>
    private void CheckProgress()
    {
        var shape = First == 0 ? Last == 0 : First <= Last && Last <= 63 && Components.Length == 1;
        if (!shape || Lowest > 13 || (LowestBefore != 0 && Lowest != LowestBefore - 1))
        {
            throw new ImageFormatException(
                $"JPEG: expected a progressive scan, found coefficients {First} to {Last} and bits {LowestBefore} to {Lowest} of {Components.Length} components");
        }

        foreach (var one in Components)
        {
            for (var k = First; k <= Last; k++)
            {
                ref var known = ref one.Component.LowestBits[k];
                if (known != (LowestBefore == 0 ? -1 : LowestBefore))
                {
                    throw new ImageFormatException($"JPEG: expected the scans to go from bit to bit, found bits {LowestBefore} to {Lowest} after {known}");
                }

                known = Lowest;
            }
        }
    }
}

/// <summary>A component in a scan.</summary>
internal sealed record ScanComponent(JpegComponent Component, HuffmanTable? DcTable, HuffmanTable? AcTable)
{
    /// <summary>The first coefficient of the block before; only differences are coded.</summary>
    public int Prediction { get; set; }
}
