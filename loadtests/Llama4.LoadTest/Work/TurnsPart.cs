using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Dialogs: each question follows the answer before it after a time of thinking. Sessions arrive whatever the server does; turns wait for it, as people do.</summary>
internal sealed record TurnsPart : Part
{
    public LengthRange Turns { get; init; } = new(2, 5);

    /// <summary>The mean; it is of exponential length.</summary>
    public double ThinkSeconds { get; init; } = 2;

    /// <summary>JSON lines of <see cref="Question"/>, beside the scenario file; without them words without sense.</summary>
    public string? File { get; init; }

    public LengthRange PromptTokens { get; init; } = new(10, 40);

    public LengthRange AnswerTokens { get; init; } = new(16, 64);

    [JsonIgnore]
    public override string Kind => "turns";

    [JsonIgnore]
    public IReadOnlyList<Question> Questions { get; init; } = [];

    public override Part Prepare(string folder) => File is null ? this : this with { Questions = Question.Load(Path.Combine(folder, File)) };

    public override string? Mistake() =>
        Turns.Mistake("turns", 1000)
        ?? PromptTokens.Mistake("prompt_tokens")
        ?? AnswerTokens.Mistake("answer_tokens")
        ?? (ThinkSeconds is >= 0 and <= 3600 ? null : FormattableString.Invariant($"think_seconds: expected 0 to 3600, found {ThinkSeconds}"));

    public override Session Make(Draws draws, ulong seed) => new(Label, null, [.. Enumerable.Range(0, Turns.Draw(draws)).Select(turn => MakeTurn(draws, turn))], Fields);

    private Turn MakeTurn(Draws draws, int turn)
    {
        var think = turn == 0 ? 0 : draws.Exponential(ThinkSeconds);
        if (Questions.Count == 0)
        {
            return new Turn(Words.Text(draws, PromptTokens.Draw(draws)), AnswerTokens.Draw(draws), null, think);
        }

        var question = draws.Of(Questions);
        return new Turn(question.Text, AnswerTokens.Draw(draws), question.IsRight, think);
    }
}
