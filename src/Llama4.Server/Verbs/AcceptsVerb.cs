using System.CommandLine;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Server.Output;
using Llama4.Structured;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 accepts</c>: whether constrained decoding would let a text through.</summary>
internal static class AcceptsVerb
{
    public static Verb Create(Terminal terminal)
    {
        var command = new Command("accepts", """JSON lines {"schema"|"regex"|"choice"|"grammar":…,"text":…} to {"accepted":true|false}, or {"error":…} where it cannot be enforced.""");
        command.SetAction((_, cancellation) => JsonLines.MapAsync(
            terminal,
            (line, answer) =>
            {
                var text = line.Text("text");
                try
                {
                    answer.WriteBoolean("accepted", Compile(line).Accepts(text));
                }
                catch (ConstraintException refused)
                {
                    throw new LineRefusedException(refused.Message);
                }
            },
            cancellation));
        return new Verb(VerbGroup.ComparingEngines, command, """echo '{"schema":{"type":"integer"},"text":"42"}' | llama4 accepts""");
    }

    private static Constraint Compile(JsonElement line)
    {
        string[] kinds = ["schema", "regex", "choice", "grammar"];
        return kinds.Where(kind => line.TryGetProperty(kind, out _)).ToArray() switch
        {
            ["schema"] => Compile(ConstraintKind.Schema, line.Member("schema").GetRawText()),
            ["regex"] => Compile(ConstraintKind.Regex, line.Text("regex")),
            ["choice"] => Compile(ConstraintKind.Choice, Choices(line.Member("choice"))),
            ["grammar"] => Compile(ConstraintKind.Grammar, line.Text("grammar")),
            _ => throw new InvalidDataException("expected one of \"schema\", \"regex\", \"choice\" and \"grammar\""),
        };
    }

    /// <summary>As a gateway compiles it, bounds included.</summary>
    private static Constraint Compile(ConstraintKind kind, string text) => ConstraintReader.Compile(new DecodingConstraint { Kind = kind, Text = text });

    private static string Choices(JsonElement choice) =>
        choice.ValueKind == JsonValueKind.Array && choice.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String)
            ? choice.GetRawText()
            : throw new InvalidDataException("\"choice\": expected an array of strings");
}
