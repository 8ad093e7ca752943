using System.Text.Json;

namespace Llama4.Tokenization.HuggingFace;

/// <summary>Reads from a tokenizer.json's post processor which ids stand before and after a single text.</summary>
internal sealed class TemplateJson(string file, IReadOnlyCollection<AddedToken> added)
{
    public (int[] Prefix, int[] Suffix) Read(JsonElement? processor)
    {
        if (processor is not { } stage)
        {
            return ([], []);
        }

        switch (stage.GetProperty("type").GetString())
        {
            case "ByteLevel":
                return ([], []); // It moves offsets, not ids.
            case "TemplateProcessing":
                return ReadSingle(stage.GetProperty("single"));
            case "Sequence":
                var all = stage.GetProperty("processors").EnumerateArray().Select(one => Read(one)).ToArray();
                return ([.. all.Reverse().SelectMany(one => one.Prefix)], [.. all.SelectMany(one => one.Suffix)]);
            case var other:
                throw new TokenizerFormatException(file, $"post_processor: expected ByteLevel, TemplateProcessing or a Sequence of them, found {other}.");
        }
    }

    private (int[] Prefix, int[] Suffix) ReadSingle(JsonElement single)
    {
        var sides = (Prefix: new List<int>(), Suffix: new List<int>());
        var isAfter = false;
        foreach (var part in single.EnumerateArray())
        {
            if (part.TryGetProperty("SpecialToken", out var token))
            {
                (isAfter ? sides.Suffix : sides.Prefix).Add(IdOf(token.GetProperty("id").GetString()!));
            }
            else
            {
                isAfter = true;
            }
        }

        return ([.. sides.Prefix], [.. sides.Suffix]);
    }

    private int IdOf(string content) => added.FirstOrDefault(token => token.Content == content)?.Id
        ?? throw new TokenizerFormatException(file, $"post_processor: expected an added token, found \"{content}\".");
}
