using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>Finds the text of a checkpoint's chat template, in whichever of the files that have carried it.</summary>
internal static class ChatTemplateFile
{
    // A tokenizer_config.json lists the special tokens: 2,048 of 150 bytes are 0.3 MB. A template is some KiB.
    private const int FileBytesMax = 64 << 20;

    /// <summary>The template of the checkpoint in a folder, or null if it has none. chat_template.jinja goes first, as in transformers.</summary>
    /// <exception cref="TokenizerFormatException">A file is there and is not what it should be.</exception>
    public static string? Read(string folder)
    {
        var jinja = Path.Combine(folder, "chat_template.jinja");
        return File.Exists(jinja)
            ? File.ReadAllText(Bounded(jinja))
            : Member(Path.Combine(folder, "chat_template.json")) ?? Member(Path.Combine(folder, "tokenizer_config.json"));
    }

    private static string? Member(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Bounded(file)));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("chat_template", out var template)
                ? Text(file, template)
                : null;
        }
        catch (JsonException error)
        {
            throw new TokenizerFormatException(file, error.Message);
        }
    }

    /// <summary>A string, or a list of named ones: that for tools, else the default one.</summary>
    private static string? Text(string file, JsonElement template)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return template.GetString();
            case JsonValueKind.Array:
                var named = new Dictionary<string, string>();
                foreach (var one in template.EnumerateArray())
                {
                    if (one.ValueKind == JsonValueKind.Object
                        && one.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
                        && one.TryGetProperty("template", out var text) && text.ValueKind == JsonValueKind.String)
                    {
                        named[name.GetString()!] = text.GetString()!;
                    }
                }

                return named.GetValueOrDefault("tool_use") ?? named.GetValueOrDefault("default");
            default:
                throw new TokenizerFormatException(file, $"chat_template: expected a string or a list of named ones, found {template.ValueKind}.");
        }
    }

    private static string Bounded(string file) => new FileInfo(file).Length is var bytes && bytes <= FileBytesMax
        ? file
        : throw new TokenizerFormatException(file, $"expected at most {FileBytesMax} bytes, found {bytes}.");
}
