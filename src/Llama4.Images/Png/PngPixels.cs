using System.IO.Compression;

namespace Llama4.Images.Png;

/// <summary>The pixel data of a PNG: inflated a row at a time, so that a bomb costs a row; unfiltered; and, if interlaced, spread over the picture.</summary>
internal static class PngPixels
{
    /// <summary>No deflate stream expands further: 258 bytes for two bits.</summary>
    private const int ExpansionMax = 1032;

    private static readonly Pass WholePicture = new(0, 0, 1, 1);

    /// <summary>Adam7: which pixels each pass holds.</summary>
    private static readonly Pass[] Interlaced =
        [new(0, 0, 8, 8), new(4, 0, 8, 8), new(0, 4, 4, 8), new(2, 0, 4, 4), new(0, 2, 2, 4), new(1, 0, 2, 2), new(0, 1, 1, 2)];

    public static RgbPicture Decode(PngHeader header, PngColours colours, IReadOnlyList<ReadOnlyMemory<byte>> data)
    {
        Pass[] passes = header.Interlaced ? Interlaced : [WholePicture];
        var needed = passes.Sum(pass => pass.Columns(header.Width) == 0
            ? 0
            : pass.Rows(header.Height) * (1 + header.RowBytes(pass.Columns(header.Width))));
        var given = data.Sum(part => (long)part.Length);
        if (needed > ExpansionMax * given)
        {
            throw new ImageFormatException($"PNG: expected {needed} bytes of rows, found {given} compressed bytes, too few to hold them");
        }

        var picture = new RgbPicture(header.Width, header.Height);
        using var inflated = new ZLibStream(new ChunkStream(data), CompressionMode.Decompress);
        foreach (var pass in passes)
        {
            Decode(pass, header, colours, inflated, picture);
        }

        return picture;
    }

    private static void Decode(Pass pass, PngHeader header, PngColours colours, ZLibStream inflated, RgbPicture picture)
    {
        var columns = pass.Columns(header.Width);
        if (columns == 0)
        {
            return;
        }

        var row = new byte[1 + header.RowBytes(columns)];
        var above = new byte[row.Length];
        for (var y = pass.Top; y < header.Height; y += pass.Down)
        {
            ReadRow(inflated, row, y);
            PngFilter.Undo(row[0], row.AsSpan(1), above.AsSpan(1), header.PixelBytes);
            colours.Convert(row.AsSpan(1), columns, picture.Row(y)[(3 * pass.Left)..], 3 * pass.Right);
            (row, above) = (above, row);
        }
    }

    private static void ReadRow(ZLibStream inflated, byte[] row, int y)
    {
        try
        {
            inflated.ReadExactly(row);
        }
        catch (Exception error) when (error is EndOfStreamException or InvalidDataException)
        {
            throw new ImageFormatException($"PNG: expected compressed rows, found that the data of row {y} is damaged or missing", error);
        }
    }

    /// <summary>The pixels at Left + i*Right, Top + j*Down.</summary>
    private sealed record Pass(int Left, int Top, int Right, int Down)
    {
        public int Columns(int width) => (width - Left + Right - 1) / Right;

        public int Rows(int height) => (height - Top + Down - 1) / Down;
    }
}
