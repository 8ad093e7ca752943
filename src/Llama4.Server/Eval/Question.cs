using System.Text.Json;
using Llama4.Server.Chat;

namespace Llama4.Server.Eval;

/// <summary>One line of a questions file, as scout-nano's README defines it.</summary>
/// <param name="Dialog">Null for a question that needs images or tools.</param>
internal sealed record Question(string Id, string Task, IReadOnlyList<Turn>? Dialog, string Answer, string Match)
{
    /// <summary>Reads a file of JSON lines. The error of a bad line names the file and the line's number.</summary>
    public static List<Question> ReadAll(string path)
    {
        var questions = new List<Question>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                using var document = JsonDocument.Parse(line);
                questions.Add(Read(document.RootElement));
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or InvalidDataException)
            {
                throw new InvalidDataException($"{path}, line {number}: {error.Message}", error);
            }
        }

        return questions.Count > 0 ? questions : throw new InvalidDataException($"{path} holds no questions");
    }

    private static Question Read(JsonElement line)
    {
        var match = Required(line, "match");
        if (!AnswerMatch.Rules.Contains(match))
        {
            throw new InvalidDataException($"\"match\": expected one of {string.Join(", ", AnswerMatch.Rules)}, found \"{match}\"");
        }

        return new Question(Required(line, "id"), Required(line, "task"), NeedsMore(line, match) ? null : Turns(line), Required(line, "answer"), match);
    }

    /// <summary>Images and tools are not offered to the model yet.</summary>
    private static bool NeedsMore(JsonElement line, string match) =>
        match == AnswerMatch.ToolCall || line.TryGetProperty("images", out _) || line.TryGetProperty("tools", out _);

    private static List<Turn> Turns(JsonElement line)
    {
        if (!line.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw new InvalidDataException("\"messages\": expected an array of at least one message");
        }

        return [.. messages.EnumerateArray().Select(m => new Turn(Required(m, "role"), Required(m, "content")))];
    }

    private static string Required(JsonElement line, string name) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InvalidDataException($"\"{name}\": expected a string");
}
