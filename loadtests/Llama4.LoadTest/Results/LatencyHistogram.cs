using System.Buffers.Binary;
using System.IO.Compression;
using HdrHistogram;
using HdrHistogram.Utilities;

namespace Llama4.LoadTest.Results;

/// <summary>Times from a microsecond to a day, to three digits. Not for several threads at once.</summary>
internal sealed class LatencyHistogram
{
    private const long MicrosecondsMax = 24L * 3600 * 1_000_000;

    // The V2 form: https://github.com/HdrHistogram/HdrHistogram, AbstractHistogram.encodeIntoCompressedByteBuffer.
    private const int CompressedCookie = 0x1c849304; // without the four bits of the word's size
    private const int CompressedHeaderBytes = 8;
    private const int HeaderBytes = 40;
    private const int PayloadBytesMax = 1 << 24;

    private readonly HistogramBase _counts;

    public LatencyHistogram(int digits = 3) => _counts = new LongHistogram(1, MicrosecondsMax, digits);

    private LatencyHistogram(HistogramBase counts) => _counts = counts;

    public long Count => _counts.TotalCount;

    /// <summary>Shorter and longer times than the bounds are taken as these.</summary>
    public void Record(double seconds) => _counts.RecordValue((long)Math.Clamp(seconds * 1e6, 1, MicrosecondsMax - 1));

    /// <summary>Seconds below which this share of the values lies, in percent; 0 of no values.</summary>
    public double Percentile(double percent) => Count == 0 ? 0 : _counts.GetValueAtPercentile(percent) / 1e6;

    public double Max => Count == 0 ? 0 : _counts.GetMaxValue() / 1e6;

    public double Mean => Count == 0 ? 0 : _counts.GetMean() / 1e6;

    /// <summary>The histogram's own compressed form (V2), in base64.</summary>
    public string Encode()
    {
        var buffer = ByteBuffer.Allocate(_counts.GetNeededByteBufferCapacity());
        var length = _counts.EncodeIntoCompressedByteBuffer(buffer);
        var bytes = new byte[length];
        buffer.Position = 0;
        for (var i = 0; i < length; i++)
        {
            bytes[i] = buffer.Get();
        }

        return Convert.ToBase64String(bytes);
    }

    /// <exception cref="LoadTestException">The text is no such form.</exception>
    public static LatencyHistogram Decode(string text)
    {
        try
        {
            return new LatencyHistogram(HistogramEncoding.DecodeFromByteBuffer(ByteBuffer.Allocate(Inflate(Convert.FromBase64String(text))), 0));
        }
        catch (Exception error) when (error is FormatException or ArgumentException or InvalidDataException or IndexOutOfRangeException or IOException)
        {
            throw new LoadTestException($"hdr: expected a compressed histogram, found: {error.Message}");
        }
    }

    /// <summary>
    /// The form without compression: its header, whose second number is the length of what follows, and that. The library's own way takes what one read of the stream gives, which is
    /// not all of a histogram of many values.
    /// </summary>
    private static byte[] Inflate(byte[] compressed)
    {
        if (compressed.Length <= CompressedHeaderBytes || (BinaryPrimitives.ReadInt32BigEndian(compressed) & ~0xf0) != CompressedCookie)
        {
            throw new FormatException($"{compressed.Length} bytes that do not begin like one");
        }

        using var stream = new ZLibStream(new MemoryStream(compressed, CompressedHeaderBytes, compressed.Length - CompressedHeaderBytes), CompressionMode.Decompress);
        var header = new byte[HeaderBytes];
        stream.ReadExactly(header);
        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(sizeof(int)));
        if (length is < 0 or > PayloadBytesMax)
        {
            throw new FormatException($"one of {length} bytes, where at most {PayloadBytesMax} are expected");
        }

        var whole = new byte[HeaderBytes + length];
        header.CopyTo(whole, 0);
        stream.ReadExactly(whole.AsSpan(HeaderBytes));
        return whole;
    }
}
