using System.Text;
using System.Text.Json.Nodes;

namespace Llama4.Server.Synth;

/// <summary>
/// The tokenizer of a made-up checkpoint: every single byte, then a made-up word for each id up to the special tokens, which stand at the vocabulary's end. So
/// any text can be encoded, every id can be told, and a random answer reads as words.
/// </summary>
internal static class SynthTokenizer
{
    private const int Bytes = 256;
    private const string Consonants = "bdfghjklmnprstvz";
    private const string Vowels = "aeiou";

    /// <summary>Those that the chat format and the ends of answers need.</summary>
    private static readonly string[] Specials =
        ["begin_of_text", "end_of_text", "header_start", "header_end", "eom", "eot", "python_start", "python_end", "finetune_right_pad"];

    /// <summary>The least vocabulary that there is a tokenizer for.</summary>
    public static int VocabularyMin => Bytes + Specials.Length;

    /// <summary>
    /// The files, by name: tokenizer.model in tiktoken's form, the names of special tokens, and the ids that end an answer (the shape's config may name others).
    /// </summary>
    /// <param name="vocabulary">At least <see cref="VocabularyMin"/>.</param>
    public static IEnumerable<(string Name, string Text)> Files(int vocabulary)
    {
        var ranks = vocabulary - Specials.Length;
        var model = new StringBuilder();
        for (var rank = 0; rank < ranks; rank++)
        {
            model.Append(Convert.ToBase64String(rank < Bytes ? [(byte)rank] : Encoding.ASCII.GetBytes(Word(rank - Bytes)))).Append(' ').Append(rank).Append('\n');
        }

        var ids = Specials.Index().ToDictionary(special => special.Item, special => ranks + special.Index);
        yield return ("tokenizer.model", model.ToString());
        yield return ("tokenizer_config.json", new JsonObject
        {
            ["added_tokens_decoder"] = new JsonObject(ids.Select(special => KeyValuePair.Create(
                $"{special.Value}", (JsonNode?)new JsonObject { ["content"] = $"<|{special.Key}|>", ["special"] = true }))),
            ["bos_token"] = "<|begin_of_text|>",
            ["eos_token"] = "<|eot|>",
        }.ToJsonString() + "\n");
        yield return ("generation_config.json", new JsonObject
        {
            ["bos_token_id"] = ids["begin_of_text"],
            ["eos_token_id"] = new JsonArray(ids["end_of_text"], ids["eom"], ids["eot"]),
            ["pad_token_id"] = ids["finetune_right_pad"],
        }.ToJsonString() + "\n");
    }

    /// <summary>A blank and two syllables or more: a number in base 80, so that no two are the same.</summary>
    private static string Word(int number)
    {
        var syllables = Consonants.Length * Vowels.Length;
        var word = new StringBuilder();
        for (var rest = number; word.Length < 4 || rest > 0; rest /= syllables)
        {
            var syllable = rest % syllables;
            word.Append(Consonants[syllable / Vowels.Length]).Append(Vowels[syllable % Vowels.Length]);
        }

        return $" {word}";
    }
}
