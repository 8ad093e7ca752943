using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama4.Structured;

namespace Llama4.Server.Output;

/// <summary>The data verbs: a JSON value a line in, a JSON value a line out, each flushed as soon as it is known.</summary>
internal static class JsonLines
{
    /// <summary>Text stays readable: only what JSON demands is escaped. The output is not meant to be pasted into HTML.</summary>
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Maps every line of the terminal's input. A line that asks for what cannot be done, or nests too deep to be read, is answered
    /// <c>{"error":…}</c>. The first line that is not of the form ends the run with an error that names its number; the lines before it are
    /// already written. Blank lines are passed over.
    /// </summary>
    /// <param name="map">Reads the line's object and writes the answer's members; the braces are written here.</param>
    public static Task<int> MapAsync(Terminal terminal, Action<JsonElement, Utf8JsonWriter> map, CancellationToken cancellation) =>
        MapAsync(terminal.Input, terminal, map, cancellation);

    /// <inheritdoc cref="MapAsync(Terminal, Action{JsonElement, Utf8JsonWriter}, CancellationToken)"/>
    /// <param name="input">Read in place of the terminal's input.</param>
    public static async Task<int> MapAsync(
        TextReader input, Terminal terminal, Action<JsonElement, Utf8JsonWriter> map, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        for (var number = 1; await input.ReadLineAsync(cancellation) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            buffer.SetLength(0);
            try
            {
                Answer(line, buffer, map);
            }
            catch (LineRefusedException refused)
            {
                buffer.SetLength(0); // of what was begun
                using var writer = new Utf8JsonWriter(buffer, Readable);
                writer.WriteStartObject();
                writer.WriteString("error", refused.Message);
                writer.WriteEndObject();
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                throw new InvalidDataException($"line {number}: {error.Message}", error);
            }

            terminal.Output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
            await terminal.Output.FlushAsync(cancellation);
        }

        return CommandLine.Success;
    }

    private static void Answer(string line, MemoryStream buffer, Action<JsonElement, Utf8JsonWriter> map)
    {
        using var document = Parse(line);
        using var writer = new Utf8JsonWriter(buffer, Readable);
        writer.WriteStartObject();
        map(document.RootElement, writer);
        writer.WriteEndObject();
    }

    private static JsonDocument Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line, JsonNesting.Documents);
        }
        catch (JsonException) when (JsonNesting.IsTooDeep(Encoding.UTF8.GetBytes(line)))
        {
            throw new LineRefusedException($"the line has more than {JsonNesting.DepthMax} objects and arrays in each other");
        }
    }

    /// <summary>Writes one JSON value to the terminal's output, indented where a person reads it.</summary>
    public static void WriteJson(this Terminal terminal, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Readable with { Indented = terminal.OutputIsTerminal }))
        {
            write(writer);
        }

        terminal.Output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    /// <summary>Writes a report to the terminal's output: one JSON value for a program, text for a person.</summary>
    public static void WriteReport(this Terminal terminal, bool asJson, Action<Utf8JsonWriter> json, Action<TextWriter> text)
    {
        if (asJson)
        {
            terminal.WriteJson(json);
        }
        else
        {
            text(terminal.Output);
        }
    }

    /// <summary>The member <paramref name="name"/> of a line; a clear error if it is missing.</summary>
    public static JsonElement Member(this JsonElement line, string name) =>
        line.ValueKind != JsonValueKind.Object ? throw new InvalidDataException($"expected an object with \"{name}\", found {Kind(line)}")
        : line.TryGetProperty(name, out var value) ? value
        : throw new InvalidDataException($"\"{name}\" is missing");

    /// <summary>The string under <paramref name="name"/>.</summary>
    public static string Text(this JsonElement line, string name)
    {
        var value = line.Member(name);
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new InvalidDataException($"\"{name}\": expected a string, found {Kind(value)}");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new LineRefusedException($"\"{name}\": expected valid Unicode, found half of a surrogate pair");
        }
    }

    /// <summary>The token ids under <paramref name="name"/>.</summary>
    public static int[] Ids(this JsonElement line, string name)
    {
        var value = line.Member(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException($"\"{name}\": expected an array of token ids, found {Kind(value)}");
        }

        var ids = new int[value.GetArrayLength()];
        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            ids[i] = item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0
                ? id
                : throw new InvalidDataException($"\"{name}\"[{i}]: expected a token id, found {item.GetRawText()}");
            i++;
        }

        return ids;
    }

    /// <summary>Writes an array of ids.</summary>
    public static void WriteIds(this Utf8JsonWriter writer, string name, IEnumerable<int> ids)
    {
        writer.WriteStartArray(name);
        foreach (var id in ids)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
