using System.Text.Json;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Eval;

/// <summary>One answer, judged.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Calls">Of tools.</param>
internal sealed record Judged(Question Question, string Text, IReadOnlyList<ParsedToolCall> Calls)
{
    public bool Correct { get; } = Question.Match == AnswerMatch.ToolCall
        ? AnswerMatch.AreRight(Question.Answer, Calls)
        : AnswerMatch.IsRight(Question.Match, Question.Answer, Text);
}

/// <summary>Accuracy by task, in the order in which the tasks first occur.</summary>
/// <param name="Items">In the order of the file.</param>
/// <param name="Skipped">Questions with pictures, where the model takes text only.</param>
internal sealed record Scores(IReadOnlyList<Judged> Items, int Skipped)
{
    public int Correct => Items.Count(i => i.Correct);

    public IEnumerable<(string Task, int Correct, int Count)> Tasks =>
        Items.GroupBy(i => i.Question.Task).Select(g => (g.Key, g.Count(i => i.Correct), g.Count()));

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteCount(writer, Correct, Items.Count);
        writer.WriteNumber("skipped", Skipped);
        writer.WriteStartObject("tasks");
        foreach (var (task, correct, count) in Tasks)
        {
            writer.WriteStartObject(task);
            WriteCount(writer, correct, count);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartArray("items");
        foreach (var item in Items)
        {
            writer.WriteStartObject();
            writer.WriteString("id", item.Question.Id);
            writer.WriteBoolean("correct", item.Correct);
            writer.WriteString("answer", item.Text);
            WriteCalls(writer, item.Calls);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteCalls(Utf8JsonWriter writer, IReadOnlyList<ParsedToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            writer.WriteStartObject();
            writer.WriteString("name", call.Name);
            writer.WriteString("arguments", call.Arguments);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCount(Utf8JsonWriter writer, int correct, int count)
    {
        writer.WriteNumber("correct", correct);
        writer.WriteNumber("count", count);
    }
}
