using Llama4.Contracts;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Asking scout-nano under constraints, in its own layout.</summary>
internal static class Constrained
{
    public const string Person = """
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":150},"job":{"enum":["doctor","pilot","teacher"]}},
        "required":["name","age","job"],"additionalProperties":false}
        """;

    public static Tokenizer Tokenizer { get; } = TokenizerLoader.Load(ScoutNano.Directory);

    private static readonly ChatFormat Format = ChatFormat.Load(Tokenizer, ScoutNano.Directory);

    public static DecodingConstraint Schema(string schema) => new() { Kind = ConstraintKind.Schema, Text = schema };

    public static GenerateRequest Ask(string question, DecodingConstraint? constraint, int tokensMax = 120) =>
        Answers.Greedy(Format.Render([new ChatMessage(ChatRole.User, question)], addGenerationPrompt: true), tokensMax, ScoutNano.EndOfTurn, ScoutNano.EndOfText, ScoutNano.EndOfMessage) with
        {
            Constraint = constraint,
        };

    /// <summary>The text of an answer, without the id that ended it.</summary>
    public static string Text(IReadOnlyList<TokenChunk> chunks, GenerateRequest request) =>
        Tokenizer.Decode([.. chunks.Where(chunk => chunk.Token is { } id && !request.StopIds.Contains(id)).Select(chunk => chunk.Token!.Value)]);
}
