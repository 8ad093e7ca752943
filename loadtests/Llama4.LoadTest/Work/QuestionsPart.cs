using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Short questions whose answers are checked.</summary>
internal sealed record QuestionsPart : Part
{
    /// <summary>JSON lines of <see cref="Question"/>, beside the scenario file.</summary>
    public required string File { get; init; }

    public int MaxTokens { get; init; } = 32;

    [JsonIgnore]
    public override string Kind => "questions";

    [JsonIgnore]
    public IReadOnlyList<Question> Questions { get; init; } = [];

    public override Part Prepare(string folder) => this with { Questions = Question.Load(Path.Combine(folder, File)) };

    public override string? Mistake() => new LengthRange(MaxTokens, MaxTokens).Mistake("max_tokens");

    public override Session Make(Draws draws, ulong seed)
    {
        var question = draws.Of(Questions);
        return new Session(Label, null, [new Turn(question.Text, MaxTokens, question.IsRight)], Fields);
    }
}
