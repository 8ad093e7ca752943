namespace Llama4.Images.Jpeg;

/// <summary>One Huffman table of a JPEG, as the DHT segment gives it: how many codes of each length, and their symbols in order.</summary>
internal sealed class HuffmanTable
{
    /// <summary>Codes up to this length, nearly all that occur, are found in one step.</summary>
    public const int ShortBits = 9;

    private const int LongestBits = 16;

    private readonly byte[] _symbols;
    private readonly int[] _firstCode = new int[LongestBits + 1];
    private readonly int[] _firstSymbol = new int[LongestBits + 2];

    /// <param name="counts">[16]: codes of 1 to 16 bits.</param>
    /// <param name="symbols">As many as the counts say.</param>
    public HuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        var (code, symbol) = (0, 0);
        for (var length = 1; length <= LongestBits; length++)
        {
            (_firstCode[length], _firstSymbol[length]) = (code, symbol);
            for (var i = counts[length - 1]; i > 0; i--, code++, symbol++)
            {
                if (code >= 1 << length)
                {
                    throw new ImageFormatException($"JPEG: expected a Huffman table, found too many codes of {length} bits");
                }

                if (length <= ShortBits)
                {
                    Short.AsSpan(code << (ShortBits - length), 1 << (ShortBits - length)).Fill((ushort)(length << 8 | _symbols[symbol]));
                }
            }

            code <<= 1;
        }

        _firstSymbol[LongestBits + 1] = symbol;
    }

    /// <summary>By the next <see cref="ShortBits"/> bits: length * 256 + symbol, or 0 if the code is longer or none.</summary>
    public ushort[] Short { get; } = new ushort[1 << ShortBits];

    /// <summary>The code at the head of 16 bits, when it is not in <see cref="Short"/>: length * 256 + symbol, or 0 if there is none.</summary>
    public int FindLong(int bits)
    {
        for (var length = ShortBits + 1; length <= LongestBits; length++)
        {
            var at = (bits >> (LongestBits - length)) - _firstCode[length];
            if (at >= 0 && at < _firstSymbol[length + 1] - _firstSymbol[length])
            {
                return length << 8 | _symbols[_firstSymbol[length] + at];
            }
        }

        return 0;
    }
}
