using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Llama4.Tokenization;

namespace Llama4.Gateway.Requests;

/// <summary>Strings that no repetition goes over, as tokens.</summary>
/// <param name="Ids">Of the tokens that one of the strings is in, special ones by their names; ascending.</param>
/// <param name="Sequences">
/// A string of several tokens, as it is written at the beginning of a text and behind a blank. Other ways to write it in tokens are not looked for.
/// </param>
internal sealed record SequenceBreakers(int[] Ids, int[][] Sequences)
{
    private static readonly string[] Own = ["\n", ":", "\"", "*"];
    private static readonly ConditionalWeakTable<Tokenizer, SequenceBreakers> Defaults = [];

    /// <summary>llama-server's.</summary>
    public static ReadOnlySpan<string> DefaultTexts => Own;

    /// <summary>Those of <see cref="DefaultTexts"/>, found once.</summary>
    public static SequenceBreakers Default(Tokenizer tokenizer) => Defaults.GetValue(tokenizer, static tokenizer => Of(Own, tokenizer));

    /// <summary>Looks through the whole vocabulary: a few milliseconds at 200,000 tokens, up to 3 a string where they begin with letters.</summary>
    /// <param name="texts">None is empty.</param>
    public static SequenceBreakers Of(string[] texts, Tokenizer tokenizer)
    {
        var bytes = Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
        var firsts = SearchValues.Create([.. bytes.Select(text => text[0])]);
        var ids = new List<int>();
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            var token = tokenizer.BytesOf(id);
            if (token.IndexOfAny(firsts) < 0)
            {
                continue;
            }

            foreach (var text in bytes)
            {
                if (token.IndexOf(text) >= 0)
                {
                    ids.Add(id);
                    break;
                }
            }
        }

        int[][] written = [.. texts.SelectMany(text => new[] { tokenizer.Encode(text), tokenizer.Encode(" " + text) })];
        return new SequenceBreakers([.. ids], [.. written.Where(sequence => sequence.Length > 1 && !sequence.Any(id => ids.BinarySearch(id) >= 0))]);
    }
}
