using System.CommandLine;
using System.Globalization;
using Llama4.Server.Eval;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 eval</c>: greedy answers to a file of questions, and how many are right.</summary>
internal static class EvalVerb
{
    public static Verb Create(Terminal terminal)
    {
        var source = new AnswerSourceOptions();
        var questions = new Option<string>("--questions") { Description = "JSON lines: id, task, messages, answer, match (exact, contains, json).", HelpName = "FILE.jsonl", Required = true };
        var json = new Option<bool>("--json") { Description = "Scores and every answer as one JSON object." };
        var command = new Command("eval", "Asks a file of questions, greedily, and counts the right answers by task.") { questions, json };
        source.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var asked = Question.ReadAll(parsed.GetRequiredValue(questions));
            await using var answers = await source.OpenAsync(parsed, terminal, cancellation);
            var scores = await ProgressLine.RunAsync(
                terminal,
                "answering",
                progress => Examination.RunAsync(asked, answers, done => progress((double)done / asked.Count), cancellation));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(scores.WriteJson);
            }
            else
            {
                Write(scores, terminal.Output);
            }

            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 eval --questions src/Llama4.Server/models/scout-nano/eval/questions.jsonl",
            "llama4 eval --url http://127.0.0.1:8080 --questions questions.jsonl --json > scores.json");
    }

    private static void Write(Scores scores, TextWriter output)
    {
        output.WriteLine($"{"task",-16}{"right",7}{"of",6}{"accuracy",11}");
        foreach (var (task, correct, count) in scores.Tasks.Append(("all", scores.Correct, scores.Items.Count)))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{task,-16}{correct,7}{count,6}{(count > 0 ? (double)correct / count : 0),11:0.000}"));
        }

        if (scores.Skipped > 0)
        {
            output.WriteLine($"skipped {scores.Skipped} that need images or tools");
        }
    }
}
