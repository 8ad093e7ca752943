using System.Numerics;
using Llama4.Structured.Automata;

namespace Llama4.Structured.Vocabularies;

/// <summary>Masks of one constraint over one vocabulary, each kept for its state. Not safe for several threads.</summary>
internal sealed class TokenMasks(ByteAutomaton automaton, Vocabulary vocabulary)
{
    /// <summary>Up to this many ids a mask is kept as a list: a quarter of the words of Llama 4's.</summary>
    private const int ListedMax = 1_536;

    /// <summary>Kept masks take at most this; past it all are forgotten.</summary>
    private const long BytesMax = 32 << 20;

    private readonly Dictionary<int, int[]> _lists = [];
    private readonly Dictionary<int, uint[]> _masks = [];
    private readonly int[] _path = new int[vocabulary.Trie.Depth + 2];
    private int _generation = automaton.Generation;
    private long _bytes;

    public Vocabulary Vocabulary => vocabulary;

    /// <summary>Bytes held, the automaton's among them, about.</summary>
    public long Bytes => _bytes + automaton.Bytes;

    /// <summary>Writes the mask of a state of the automaton.</summary>
    public void Fill(int state, Span<uint> mask)
    {
        if (_generation != automaton.Generation || _bytes > BytesMax)
        {
            ForgetMasks();
        }

        if (_masks.TryGetValue(state, out var kept))
        {
            kept.CopyTo(mask);
            return;
        }

        mask.Clear();
        if (_lists.TryGetValue(state, out var ids))
        {
            foreach (var id in ids)
            {
                mask[id >> 5] |= 1u << id;
            }

            return;
        }

        var key = automaton.KeyOf(state);
        Compute(key, mask);
        if (_generation != automaton.Generation)
        {
            ForgetMasks();
        }

        Keep(automaton.Number(key), mask);
    }

    private void ForgetMasks()
    {
        _generation = automaton.Generation;
        _lists.Clear();
        _masks.Clear();
        _bytes = 0;
    }

    private void Compute(StateKey key, Span<uint> mask)
    {
        if (key.Complete)
        {
            foreach (var id in vocabulary.StopIds)
            {
                mask[id >> 5] |= 1u << id;
            }
        }

        // Inside a string of any characters the vocabulary knows the answer; other readings are walked.
        var others = new List<Reading>();
        foreach (var reading in key.Readings)
        {
            if (!automaton.LexemeOf(reading).IsFreeString(reading.State, out var need, out var room))
            {
                others.Add(reading);
                continue;
            }

            var strings = vocabulary.Strings;
            strings.AddInside(room, mask);
            Walk(strings.Exits, automaton.After(reading.Frame), mask, strings.ExitCounts, need, room);
        }

        if (others.Count > 0)
        {
            var rest = others.Count == key.Readings.Length ? key : new([.. others], false);
            Walk(vocabulary.Trie, automaton.Number(rest), mask, [], 0, 0);
        }
    }

    /// <summary>Adds the tokens of all nodes that the automaton can follow from a state.</summary>
    /// <param name="counts">For each token a number that must lie in need..room; empty for none.</param>
    private void Walk(TokenTrie trie, int state, Span<uint> mask, int[] counts, int need, int room)
    {
        var (values, depths, ends, firsts, tokens) = (trie.Values, trie.Depths, trie.Ends, trie.Firsts, trie.Tokens);
        var rows = automaton.Rows;
        var path = _path;
        path[0] = state;
        var node = 0;
        while (true)
        {
            for (int i = firsts[node], last = firsts[node + 1]; i < last; i++)
            {
                var token = tokens[i];
                if (counts.Length == 0 || (counts[token] >= need && counts[token] <= room))
                {
                    mask[token >> 5] |= 1u << token;
                }
            }

            node++;
            while (true)
            {
                if (node >= values.Length)
                {
                    return;
                }

                var depth = depths[node];
                var next = rows[(path[depth - 1] << 8) | values[node]];
                if (next < ByteAutomaton.Dead)
                {
                    if (automaton.IsCrowded)
                    {
                        automaton.Forget(path.AsSpan(0, depth));
                    }

                    next = automaton.Step(path[depth - 1], values[node]);
                    rows = automaton.Rows;
                }

                if (next >= 0)
                {
                    path[depth] = next;
                    break;
                }

                node = ends[node];
            }
        }
    }

    private void Keep(int state, ReadOnlySpan<uint> mask)
    {
        var count = 0;
        foreach (var word in mask)
        {
            count += BitOperations.PopCount(word);
        }

        if (count > ListedMax)
        {
            _masks.Add(state, mask.ToArray());
            _bytes += 4L * mask.Length;
            return;
        }

        var ids = new int[count];
        count = 0;
        for (var i = 0; i < mask.Length; i++)
        {
            for (var word = mask[i]; word != 0; word &= word - 1)
            {
                ids[count++] = (i << 5) + BitOperations.TrailingZeroCount(word);
            }
        }

        _lists.Add(state, ids);
        _bytes += 4L * count;
    }
}
