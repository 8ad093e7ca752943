namespace Llama4.Images.Jpeg;

/// <summary>One component of the picture, like its brightness: how it is sampled, and its coefficients and samples as they become known.</summary>
internal sealed class JpegComponent
{
    private readonly int _quantiser;

    private JpegComponent(int id, int across, int down, int quantiser) => (Id, Across, Down, _quantiser) = (id, across, down, quantiser);

    public int Id { get; }

    /// <summary>Horizontal sampling factor: blocks in a unit's row.</summary>
    public int Across { get; }

    /// <summary>Vertical sampling factor.</summary>
    public int Down { get; }

    /// <summary>How many output pixels a sample is wide.</summary>
    public int PixelsAcross { get; private set; }

    /// <summary>How many output pixels a sample is high.</summary>
    public int PixelsDown { get; private set; }

    /// <summary>Samples that belong to the picture, in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows of samples that belong to the picture.</summary>
    public int Height { get; private set; }

    /// <summary>Blocks with samples of the picture: those of a scan of this component alone.</summary>
    public int BlocksAcross => JpegFrame.Ceil(Width, 8);

    /// <inheritdoc cref="BlocksAcross"/>
    public int BlocksDown => JpegFrame.Ceil(Height, 8);

    /// <summary>Blocks of whole units in a row: how memory is laid out.</summary>
    public int StoredBlocksAcross { get; private set; }

    public int StoredBlocksDown { get; private set; }

    /// <summary>Samples in a row of <see cref="Samples"/>.</summary>
    public int Stride => 8 * StoredBlocksAcross;

    /// <summary>[StoredBlocksDown * 8, Stride]; null until the first block is known.</summary>
    public byte[]? Samples { get; private set; }

    /// <summary>[block, 64], in natural order, not dequantised: a progressive picture until its last scan.</summary>
    public short[]? Coefficients { get; private set; }

    /// <summary>[64] in natural order, as it stood at the component's first scan; null until then.</summary>
    public ushort[]? Quantiser { get; private set; }

    /// <summary>Of each coefficient in zigzag order, the lowest bit known; -1: none.</summary>
    public int[] LowestBits { get; } = Enumerable.Repeat(-1, 64).ToArray();

    /// <summary>Scans that held this component.</summary>
    public int Scans { get; set; }

    public static JpegComponent Read(ReadOnlySpan<byte> header)
    {
        var (across, down, quantiser) = (header[1] >> 4, header[1] & 15, header[2]);
        return across is >= 1 and <= 4 && down is >= 1 and <= 4 && quantiser <= 3
            ? new JpegComponent(header[0], across, down, quantiser)
            : throw new ImageFormatException(
                $"JPEG: expected sampling factors of 1 to 4 and a quantisation table of 0 to 3, found {across}x{down} and {quantiser}");
    }

    /// <summary>Works out the sizes once all components are known.</summary>
    public void Place(JpegFrame frame)
    {
        var (acrossMax, downMax) = (frame.AcrossMax, frame.DownMax);
        if (acrossMax % Across != 0 || downMax % Down != 0)
        {
            throw new ImageFormatException($"JPEG: expected sampling factors that divide {acrossMax}x{downMax}, found {Across}x{Down}");
        }

        (PixelsAcross, PixelsDown) = (acrossMax / Across, downMax / Down);
        Width = JpegFrame.Ceil(frame.Width * Across, acrossMax);
        Height = JpegFrame.Ceil(frame.Height * Down, downMax);
        StoredBlocksAcross = frame.Units.Across * Across;
        StoredBlocksDown = frame.Units.Down * Down;
    }

    /// <summary>Fixes the quantiser and makes room, at the component's first scan.</summary>
    /// <param name="tables">By number; those of a later scan do not matter.</param>
    public void Begin(ReadOnlySpan<ushort[]?> tables, bool progressive)
    {
        if (Quantiser is not null)
        {
            return;
        }

        Quantiser = tables[_quantiser] ?? throw new ImageFormatException($"JPEG: expected quantisation table {_quantiser}, found none");
        if (progressive)
        {
            Coefficients = new short[64 * StoredBlocksAcross * StoredBlocksDown];
        }
        else
        {
            Samples = new byte[64 * StoredBlocksAcross * StoredBlocksDown];
        }
    }

    /// <summary>Turns the coefficients of a progressive picture, now complete, into samples.</summary>
    public void Finish()
    {
        if (Coefficients is not { } coefficients)
        {
            return;
        }

        Samples = new byte[coefficients.Length];
        Span<int> block = stackalloc int[64];
        for (var i = 0; i < coefficients.Length / 64; i++)
        {
            for (var k = 0; k < 64; k++)
            {
                block[k] = coefficients[64 * i + k] * Quantiser![k];
            }

            InverseDct.Transform(block, Block(i % StoredBlocksAcross, i / StoredBlocksAcross), Stride);
        }

        Coefficients = null;
    }

    /// <summary>The samples from one block's first on; rows are <see cref="Stride"/> apart.</summary>
    public Span<byte> Block(int x, int y) => Samples.AsSpan(8 * (y * Stride + x));
}
