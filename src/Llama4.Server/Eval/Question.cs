using System.Text.Json;
using Llama4.Images;
using Llama4.Server.Chat;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Eval;

/// <summary>One line of a questions file, as scout-nano's README defines it.</summary>
/// <param name="Dialog">With its tools, and its pictures as data: URIs.</param>
internal sealed record Question(string Id, string Task, ChatDialog Dialog, string Answer, string Match)
{
    public bool HasPictures => Dialog.Messages.Any(message => message.Content.Any(part => part is ImagePart));

    /// <summary>Reads a file of JSON lines; pictures stand beside it. The error of a bad line names the file and the line's number.</summary>
    public static List<Question> ReadAll(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
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
                questions.Add(Read(document.RootElement, folder));
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or InvalidDataException or ImageFormatException or IOException)
            {
                throw new InvalidDataException($"{path}, line {number}: {error.Message}", error);
            }
            catch (ChatRequestException error)
            {
                throw new InvalidDataException($"{path}, line {number}: {error.Param}: {error.Message}", error);
            }
        }

        return questions.Count > 0 ? questions : throw new InvalidDataException($"{path} holds no questions");
    }

    private static Question Read(JsonElement line, string folder)
    {
        var match = Required(line, "match");
        if (!AnswerMatch.Rules.Contains(match))
        {
            throw new InvalidDataException($"\"match\": expected one of {string.Join(", ", AnswerMatch.Rules)}, found \"{match}\"");
        }

        return new Question(Required(line, "id"), Required(line, "task"), ReadDialog(line, folder), Required(line, "answer"), match);
    }

    private static ChatDialog ReadDialog(JsonElement line, string folder)
    {
        if (!line.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw new InvalidDataException("\"messages\": expected an array of at least one message");
        }

        var dialog = new ChatDialog(Show(ChatMessageReader.Read(messages, asForTemplates: true), line, folder));
        return line.TryGetProperty("tools", out var tools) ? dialog with { Tools = ToolDefinitionReader.Read(tools) } : dialog;
    }

    /// <summary>Each picture's mark in the messages stands for the next file.</summary>
    private static IReadOnlyList<ChatMessage> Show(IReadOnlyList<ChatMessage> messages, JsonElement line, string folder)
    {
        string[] files = line.TryGetProperty("images", out var images) ? [.. images.EnumerateArray().Select(file => file.GetString()!)] : [];
        var marks = messages.Sum(message => message.Content.Count(part => part is ImagePart));
        if (marks != files.Length)
        {
            throw new InvalidDataException($"\"images\": expected {marks}, as the messages have marks, found {files.Length}");
        }

        var next = 0;
        return [.. messages.Select(message => message with
        {
            Content = [.. message.Content.Select(part => part is ImagePart ? AttachedPicture.Read(Path.Combine(folder, files[next++])) : part)],
        })];
    }

    private static string Required(JsonElement line, string name) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InvalidDataException($"\"{name}\": expected a string");
}
