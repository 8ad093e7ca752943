using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Vocabularies;

/// <summary>
/// What each token does inside a JSON string of any characters: it stays inside, with so many characters; or it holds
/// the closing quote after so many, and what follows the quote; or it cannot stand there. Found once for a vocabulary, so
/// that the widest masks of all, of some 196,000 tokens, are copied and never walked.
/// </summary>
internal sealed class StringTokens
{
    /// <summary>Strings with room for this many characters are told apart by a mask each, beyond by lists of the few longer tokens.</summary>
    private const int MaskedMax = 16;

    private readonly uint[][] _insideUpTo = new uint[MaskedMax + 1][];
    private readonly (int Count, int Token)[] _longer;

    private StringTokens(int words, List<(int Count, int Token)> inside, IEnumerable<(byte[] Behind, int Token)> exits, int[] exitCounts)
    {
        inside.Sort();
        for (var room = 0; room <= MaskedMax; room++)
        {
            _insideUpTo[room] = new uint[words];
        }

        foreach (var (count, token) in inside)
        {
            for (var room = count; room <= MaskedMax; room++)
            {
                _insideUpTo[room][token >> 5] |= 1u << token;
            }
        }

        _longer = [.. inside.Where(entry => entry.Count > MaskedMax)];
        Exits = TokenTrie.Of(exits);
        ExitCounts = exitCounts;
    }

    /// <summary>What stands behind the closing quote of the tokens that have one.</summary>
    public TokenTrie Exits { get; }

    /// <summary>For each token of <see cref="Exits"/> the characters in front of the quote; other entries mean nothing.</summary>
    public int[] ExitCounts { get; }

    public static StringTokens Of(IReadOnlyList<byte[]?> tokens)
    {
        var lexeme = new StringLexeme(0, StringLexeme.LengthMax); // the bound makes it count
        var between = lexeme.Step(lexeme.Start, (byte)'"');
        var inside = new List<(int, int)>();
        var exits = new List<(byte[], int)>();
        var exitCounts = new int[tokens.Count];
        for (var token = 0; token < tokens.Count; token++)
        {
            if (tokens[token] is not { } bytes)
            {
                continue;
            }

            var state = between;
            var at = 0;
            var count = 0;
            while (at < bytes.Length && state >= 0 && !lexeme.Accepts(state))
            {
                state = lexeme.Step(state, bytes[at++]);
                count = state >= 0 && !lexeme.Accepts(state) ? lexeme.Count(state) : count;
            }

            if (state < 0)
            {
                continue;
            }

            if (lexeme.Accepts(state))
            {
                exits.Add((bytes[at..], token));
                exitCounts[token] = count;
            }
            else
            {
                inside.Add((count, token));
            }
        }

        return new((tokens.Count + 31) / 32, inside, exits, exitCounts);
    }

    /// <summary>Adds the tokens that stay inside a string with room for so many characters.</summary>
    public void AddInside(int room, Span<uint> mask)
    {
        var source = _insideUpTo[Math.Min(room, MaskedMax)];
        for (var i = 0; i < source.Length; i++)
        {
            mask[i] |= source[i];
        }

        for (var i = 0; room > MaskedMax && i < _longer.Length && _longer[i].Count <= room; i++)
        {
            mask[_longer[i].Token >> 5] |= 1u << _longer[i].Token;
        }
    }
}
