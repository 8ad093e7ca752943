using System.Globalization;
using System.Text;
using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization.HuggingFace;

/// <summary>
/// Finds the added tokens of a tokenizer.json in a text: first those that are not normalized, then the others in what is left over;
/// each time the leftmost and of those the longest (huggingface/tokenizers 0.23, tokenizer/added_vocabulary.rs).
/// </summary>
internal sealed class AddedTokens
{
    private readonly IReadOnlyDictionary<int, AddedToken> _tokens;
    private readonly NameMatcher _plain;
    private readonly NameMatcher _normalized;

    public AddedTokens(IReadOnlyCollection<AddedToken> tokens)
    {
        _tokens = tokens.ToDictionary(token => token.Id);
        _plain = new NameMatcher(tokens.Where(token => !token.IsNormalized).Select(ContentAndId));
        _normalized = new NameMatcher(tokens.Where(token => token.IsNormalized).Select(ContentAndId));
    }

    /// <summary>What is done with the text between two added tokens.</summary>
    public delegate void AppendText(ReadOnlySpan<char> text, List<int> ids);

    public void Append(ReadOnlySpan<char> text, bool specials, List<int> ids, AppendText appendText) =>
        Append(_plain, text, specials, ids, (rest, into) => Append(_normalized, rest, specials, into, appendText));

    private static KeyValuePair<string, int> ContentAndId(AddedToken token) => KeyValuePair.Create(token.Content, token.Id);

    private void Append(NameMatcher matcher, ReadOnlySpan<char> text, bool specials, List<int> ids, AppendText appendText)
    {
        var done = 0;
        var from = 0;
        while (matcher.TryFind(text, from, out var start, out var length, out var id))
        {
            from = start + length;
            var token = _tokens[id];
            if ((token.IsSpecial && !specials) || (token.IsSingleWord && TouchesWord(text[..start], text[from..])))
            {
                continue;
            }

            var left = token.StripsLeft ? Math.Max(TrimEnd(text[..start]), done) : start;
            var right = token.StripsRight ? TrimStart(text, from) : from;
            if (done < left)
            {
                appendText(text[done..left], ids);
            }

            ids.Add(id);
            done = right;
        }

        if (done < text.Length)
        {
            appendText(text[done..], ids);
        }
    }

    private static int TrimEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    private static int TrimStart(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return start;
    }

    private static bool IsSpace(char unit) => (CharacterClassTable.Of(unit) & CharacterClasses.Space) != 0;

    private static bool TouchesWord(ReadOnlySpan<char> before, ReadOnlySpan<char> after)
    {
        Rune.DecodeLastFromUtf16(before, out var last, out _);
        Rune.DecodeFromUtf16(after, out var first, out _);
        return (!before.IsEmpty && IsWord(last)) || (!after.IsEmpty && IsWord(first));
    }

    /// <summary><c>\w</c> of Unicode TS 18: alphabetic, mark, decimal number, connector or join control.</summary>
    private static bool IsWord(Rune rune)
    {
        var classes = CharacterClassTable.Of(rune.Value);
        return (classes & (CharacterClasses.Front | CharacterClasses.Back)) != 0
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation
            || rune.Value is 0x200C or 0x200D
            || rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
    }
}
