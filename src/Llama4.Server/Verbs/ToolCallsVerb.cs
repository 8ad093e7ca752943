using System.CommandLine;
using System.Text.Json;
using Llama4.Server.Output;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 toolcalls</c>: what a model put out, to the content and calls that the chat endpoint makes of it.</summary>
internal static class ToolCallsVerb
{
    public static Verb Create(Terminal terminal)
    {
        var fileArgument = new Argument<string?>("file")
        {
            Description = "JSON lines; without it, or as '-', stdin.",
            HelpName = "FILE.jsonl",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command(
            "toolcalls", """JSON lines {"text","tools":[names]}, outputs of a model, to {"content","tool_calls":[{"name","arguments"}]}.""") { fileArgument };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(fileArgument) is null or "-")
            {
                return await JsonLines.MapAsync(terminal, Map, cancellation);
            }

            using var input = new StreamReader(parsed.GetValue(fileArgument)!);
            return await JsonLines.MapAsync(input, terminal, Map, cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"text":"[get_weather(city=\"Paris\")]","tools":["get_weather"]}' | llama4 toolcalls""",
            "llama4 toolcalls outputs.jsonl | jq .tool_calls");
    }

    private static void Map(JsonElement line, Utf8JsonWriter answer)
    {
        var (content, calls) = ToolCallParser.Parse(line.Text("text"), Names(line.Member("tools")));
        answer.WriteString("content", content);
        answer.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            answer.WriteStartObject();
            answer.WriteString("name", call.Name);
            answer.WritePropertyName("arguments");
            answer.WriteRawValue(call.Arguments, skipInputValidation: true); // as deep as a call may be, which is deeper than a writer checks
            answer.WriteEndObject();
        }

        answer.WriteEndArray();
    }

    private static IEnumerable<string> Names(JsonElement tools) => tools.ValueKind == JsonValueKind.Array
        ? [.. tools.EnumerateArray().Select((name, i) => name.ValueKind == JsonValueKind.String
            ? name.GetString()!
            : throw new InvalidDataException($"\"tools\"[{i}]: expected a name, found {name.GetRawText()}"))]
        : throw new InvalidDataException($"\"tools\": expected an array of names, found {tools.GetRawText()}");
}
