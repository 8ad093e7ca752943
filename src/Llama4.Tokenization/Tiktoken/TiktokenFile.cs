using System.Buffers;
using System.Buffers.Text;
using Llama4.Tokenization.Bpe;

namespace Llama4.Tokenization.Tiktoken;

/// <summary>Reads tiktoken's file form: a line for each token, its bytes in base64, a blank, its rank.</summary>
internal static class TiktokenFile
{
    /// <summary>The tokens of the file by rank.</summary>
    /// <exception cref="TokenizerFormatException">A line is none of the form; ranks are not 0..n-1, once each; a single byte is missing.</exception>
    public static TokenTable Read(string file)
    {
        var contents = File.ReadAllBytes(file);
        if (contents.Length == 0)
        {
            throw new TokenizerFormatException(file, "expected lines of base64 and rank, found an empty file.");
        }

        var bytes = new byte[contents.Length];
        var tokens = new List<(int Start, int Length, int Rank)>(contents.Length / 18);
        var used = 0;
        var line = 0;
        foreach (var range in contents.AsSpan().Split((byte)'\n'))
        {
            line++;
            var text = contents.AsSpan()[range].TrimEnd((byte)'\r');
            if (text.IsEmpty)
            {
                continue;
            }

            var blank = text.IndexOf((byte)' ');
            var isBase64 = Base64.DecodeFromUtf8(text[..Math.Max(0, blank)], bytes.AsSpan(used), out _, out var length) == OperationStatus.Done;
            var isRank = Utf8Parser.TryParse(text[(blank + 1)..], out int rank, out var digits) && rank >= 0 && digits == text.Length - blank - 1;
            if (length == 0 || !isBase64 || !isRank)
            {
                throw new TokenizerFormatException(file, $"line {line}: expected base64, a blank and a rank, found {Shown(text)}.");
            }

            tokens.Add((used, length, rank));
            used += length;
        }

        return InOrderOfRank(file, bytes, tokens);
    }

    private static TokenTable InOrderOfRank(string file, byte[] bytes, List<(int Start, int Length, int Rank)> tokens)
    {
        var lineOfRank = new int[tokens.Count];
        for (var i = 0; i < tokens.Count; i++)
        {
            var rank = tokens[i].Rank;
            if (rank >= tokens.Count)
            {
                throw new TokenizerFormatException(file, $"expected ranks 0..{tokens.Count - 1} for {tokens.Count} tokens, found rank {rank}.");
            }

            if (lineOfRank[rank] != 0)
            {
                throw new TokenizerFormatException(file, $"expected every rank once, found {rank} for tokens {lineOfRank[rank]} and {i + 1}.");
            }

            lineOfRank[rank] = i + 1;
        }

        var ordered = new byte[tokens.Sum(token => token.Length)];
        var start = new int[tokens.Count + 1];
        for (var rank = 0; rank < tokens.Count; rank++)
        {
            var token = tokens[lineOfRank[rank] - 1];
            bytes.AsSpan(token.Start, token.Length).CopyTo(ordered.AsSpan(start[rank]));
            start[rank + 1] = start[rank] + token.Length;
        }

        return Checked(file, new TokenTable(ordered, start));
    }

    private static TokenTable Checked(string file, TokenTable table)
    {
        if (table.FirstDuplicate is var (first, second))
        {
            throw new TokenizerFormatException(file, $"expected every token once, found the same bytes at ranks {first} and {second}.");
        }

        for (var value = 0; value < 256; value++)
        {
            if (table.Find([(byte)value]) < 0)
            {
                throw new TokenizerFormatException(file, $"expected a token for every single byte, found none for 0x{value:X2}.");
            }
        }

        return table;
    }

    private static string Shown(ReadOnlySpan<byte> text) =>
        $"\"{System.Text.Encoding.Latin1.GetString(text[..Math.Min(40, text.Length)])}\"{(text.Length > 40 ? "..." : "")}";
}
