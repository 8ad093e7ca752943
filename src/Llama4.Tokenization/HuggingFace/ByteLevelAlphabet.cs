using System.Text;

namespace Llama4.Tokenization.HuggingFace;

/// <summary>
/// The characters by which a byte-level vocabulary writes bytes: a printable Latin-1 byte as itself, the other 68 as U+0100 and on, in
/// order (openai/gpt-2, encoder.py, bytes_to_unicode).
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly short[] ByteOf = Invert();

    /// <summary>The bytes that a vocabulary entry stands for, or null if a character of it stands for none.</summary>
    public static byte[]? Decode(string entry)
    {
        var bytes = new byte[entry.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            if (entry[i] >= ByteOf.Length || ByteOf[entry[i]] < 0)
            {
                return null;
            }

            bytes[i] = (byte)ByteOf[entry[i]];
        }

        return bytes;
    }

    /// <summary>What Hugging Face's decoder makes of an entry: its bytes, or its own characters where one of them stands for no byte.</summary>
    public static byte[] DecodeOrKeep(string entry) => Decode(entry) ?? Encoding.UTF8.GetBytes(entry);

    private static short[] Invert()
    {
        const int Shifted = 0x100;
        var byteOf = new short[Shifted + 68];
        Array.Fill(byteOf, (short)-1);
        var next = Shifted;
        for (var value = 0; value < 256; value++)
        {
            var isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            byteOf[isPrintable ? value : next++] = (short)value;
        }

        return byteOf;
    }
}
