using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>The fields of vLLM that say which tokens an answer may not have: allowed_token_ids and bad_words.</summary>
internal static class ForbiddenTokens
{
    private const string Allowed = "allowed_token_ids";
    private const string BadWords = "bad_words";

    /// <returns>The ids that alone may be drawn; null for any.</returns>
    /// <exception cref="ApiError">It is no array of token ids, empty, or has too many.</exception>
    public static int[]? ReadAllowed(RequestFields fields, GatewayOptions options)
    {
        if (Items(fields, Allowed, "an array of token ids", options.Limits.AllowedIdsMax) is not { } ids)
        {
            return null;
        }

        return ids.Length > 0
            ? [.. ids.Select(id => RequestFields.Int(Allowed, id, 0, options.VocabularySize - 1)).Distinct()]
            : throw ApiError.Invalid($"'{Allowed}' must have at least one id: with none nothing could be drawn.", Allowed);
    }

    /// <summary>
    /// Each word as the ids that it has at the beginning of a text and those that it has behind a blank. Other ways to write it in tokens are not looked for, as in vLLM.
    /// </summary>
    /// <returns>Null for none.</returns>
    /// <exception cref="ApiError">It is no array of strings, one is blank or too long, or there are too many.</exception>
    public static int[][]? ReadBadWords(RequestFields fields, GatewayOptions options)
    {
        if (Items(fields, BadWords, "an array of strings", options.Limits.BadWordsMax) is not { Length: > 0 } words)
        {
            return null;
        }

        var sequences = new List<int[]>();
        foreach (var value in words)
        {
            var word = RequestFields.Text(BadWords, value).TrimStart();
            if (word.Length == 0 || word.Length > options.Limits.BadWordCharsMax)
            {
                throw ApiError.Invalid($"A bad word must have 1 to {options.Limits.BadWordCharsMax} characters besides blanks in front, but one has {word.Length}.", BadWords);
            }

            var (first, inside) = (options.Tokenizer.Encode(word), options.Tokenizer.Encode(" " + word));
            sequences.Add(first);
            if (!inside.AsSpan().EndsWith(first))
            {
                sequences.Add(inside); // else it is forbidden with the other
            }
        }

        return [.. sequences];
    }

    private static JsonElement[]? Items(RequestFields fields, string name, string kind, int max) => fields.Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } items => items.GetArrayLength() <= max
            ? [.. items.EnumerateArray()]
            : throw ApiError.Invalid($"'{name}' may have {max} entries, but has {items.GetArrayLength()}.", name),
        { } other => throw ApiError.WrongType(name, kind, RequestFields.Name(other)),
    };
}
