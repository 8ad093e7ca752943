using System.Globalization;
using System.Text.Json;

namespace Llama4.Tokenization.Tiktoken;

/// <summary>
/// The special names of a tiktoken file with other ranks than Llama 4's: a smaller model keeps some of the names at ids of its own,
/// and says so in the tokenizer_config.json or tokenizer.json beside the file.
/// </summary>
internal static class SpecialsBeside
{
    /// <summary>Names and ids, or null if the file is Llama 4's own or nothing beside it names any.</summary>
    public static IReadOnlyList<KeyValuePair<string, int>>? Find(string tiktokenFile, int ranks)
    {
        if (ranks == Llama4Specials.Llama4Ranks)
        {
            return null;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(tiktokenFile))!;
        return Read(Path.Combine(folder, "tokenizer_config.json"), "added_tokens_decoder", ranks)
            ?? Read(Path.Combine(folder, "tokenizer.json"), "added_tokens", ranks);
    }

    private static List<KeyValuePair<string, int>>? Read(string file, string property, int ranks)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            if (!json.RootElement.TryGetProperty(property, out var tokens))
            {
                return null;
            }

            var found = (tokens.ValueKind == JsonValueKind.Object ? Keyed(tokens) : Listed(tokens)).ToList();
            return found.Count == 0 ? null : Checked(file, property, found, ranks);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new TokenizerFormatException(file, $"expected {property} with an id and a content for each token: {e.Message}", e);
        }
    }

    private static IEnumerable<KeyValuePair<string, int>> Keyed(JsonElement tokens) =>
        tokens.EnumerateObject().Select(token => KeyValuePair.Create(
            token.Value.GetProperty("content").GetString()!, int.Parse(token.Name, CultureInfo.InvariantCulture)));

    private static IEnumerable<KeyValuePair<string, int>> Listed(JsonElement tokens) =>
        tokens.EnumerateArray().Select(token => KeyValuePair.Create(
            token.GetProperty("content").GetString()!, token.GetProperty("id").GetInt32()));

    /// <summary>Ids may not meet the ranks, nor lie so far above them that the vocabulary would be mostly holes.</summary>
    private static List<KeyValuePair<string, int>> Checked(string file, string property, List<KeyValuePair<string, int>> tokens, int ranks)
    {
        const int SpecialsMax = 65_536;
        foreach (var (name, id) in tokens)
        {
            if (name.Length == 0 || id < ranks || id >= ranks + SpecialsMax)
            {
                throw new TokenizerFormatException(
                    file, $"{property}: expected names with ids from {ranks} (the ranks end there) to {ranks + SpecialsMax - 1}, found \"{name}\" with {id}.");
            }
        }

        return tokens.DistinctBy(token => token.Key).DistinctBy(token => token.Value).Count() == tokens.Count
            ? tokens
            : throw new TokenizerFormatException(file, $"{property}: expected every name and id once, found one twice.");
    }
}
