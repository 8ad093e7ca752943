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
        var questionsOption = new Option<string>("--questions")
        {
            Description = """JSON lines {"id","task","messages","tools","images","answer","match"}; match is exact, contains, json or toolcall; images are files beside it.""",
            HelpName = "FILE.jsonl",
            Required = true,
        };
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object, every answer included." };
        var answerer = new AnswererOptions();
        var command = new Command("eval", "Greedy answers to a file of questions, and how many are right, by task.") { questionsOption, json };
        answerer.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var questions = Question.ReadAll(parsed.GetRequiredValue(questionsOption));
            await using var answers = await answerer.OpenAsync(parsed, terminal, cancellation);
            var scores = await ProgressLine.RunAsync(
                terminal,
                $"{questions.Count} questions",
                progress => Examination.RunAsync(questions, answers, done => progress((double)done / questions.Count), cancellation));
            terminal.WriteReport(parsed.GetValue(json), scores.WriteJson, output => WriteTable(scores, output));
            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 eval --questions questions.jsonl",
            "llama4 eval --url http://127.0.0.1:8080 --questions questions.jsonl --json | jq .correct");
    }

    private static void WriteTable(Scores scores, TextWriter output)
    {
        var width = Math.Max(8, scores.Tasks.Select(t => t.Task.Length).DefaultIfEmpty().Max());
        output.WriteLine($"{"task".PadRight(width)}  right     of  accuracy");
        foreach (var (task, correct, count) in scores.Tasks.Append(("all", scores.Correct, scores.Items.Count)))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{task.PadRight(width)}  {correct,5}  {count,5}  {(count == 0 ? 0 : (double)correct / count),8:0.000}"));
        }

        if (scores.Skipped > 0)
        {
            output.WriteLine($"{scores.Skipped} questions with pictures were skipped: the model takes text only");
        }
    }
}
