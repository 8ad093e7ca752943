namespace Llama4.Structured.Vocabularies;

/// <summary>
/// Byte strings with what they stand for, as a tree in arrays: nodes in depth-first order, children by byte, so that a
/// walk goes straight through memory and passes over a subtree in one step. Node 0 is the empty string. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private TokenTrie(byte[] values, int[] depths, int[] ends, int[] firsts, int[] tokens, int depth) =>
        (Values, Depths, Ends, Firsts, Tokens, Depth) = (values, depths, ends, firsts, tokens, depth);

    /// <summary>The last byte of each node.</summary>
    public byte[] Values { get; }

    /// <summary>The length of each node's string.</summary>
    public int[] Depths { get; }

    /// <summary>The first node after each node's subtree.</summary>
    public int[] Ends { get; }

    /// <summary>Where each node's tokens begin in <see cref="Tokens"/>; they end where the next node's begin.</summary>
    public int[] Firsts { get; }

    /// <summary>The tokens in the order of their nodes.</summary>
    public int[] Tokens { get; }

    /// <summary>The length of the longest string.</summary>
    public int Depth { get; }

    public static TokenTrie Of(IEnumerable<(byte[] Bytes, int Token)> entries)
    {
        var sorted = entries.ToArray();
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is not 0 and var order ? order : a.Token.CompareTo(b.Token));
        var values = new List<byte> { 0 };
        var depths = new List<int> { 0 };
        var ends = new List<int> { 0 };
        var firsts = new List<int> { 0 };
        var tokens = new int[sorted.Length];
        var path = new List<int> { 0 }; // the nodes of the string before
        byte[] before = [];
        for (var i = 0; i < sorted.Length; i++)
        {
            var bytes = sorted[i].Bytes;
            var common = before.AsSpan().CommonPrefixLength(bytes);
            Close(path, ends, common + 1, values.Count);
            for (var depth = common; depth < bytes.Length; depth++)
            {
                path.Add(values.Count);
                values.Add(bytes[depth]);
                depths.Add(depth + 1);
                ends.Add(0);
                firsts.Add(i);
            }

            tokens[i] = sorted[i].Token;
            before = bytes;
        }

        Close(path, ends, 0, values.Count);
        firsts.Add(tokens.Length);
        return new([.. values], [.. depths], [.. ends], [.. firsts], tokens, depths.Max());
    }

    private static void Close(List<int> path, List<int> ends, int keep, int end)
    {
        while (path.Count > keep)
        {
            ends[path[^1]] = end;
            path.RemoveAt(path.Count - 1);
        }
    }
}
