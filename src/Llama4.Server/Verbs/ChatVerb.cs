using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 chat</c>: a dialog in the terminal, or one answer on stdout.</summary>
internal static class ChatVerb
{
    public static Verb Create(Terminal terminal)
    {
        var questionArgument = new Argument<string?>("question")
        {
            Description = "Asked once; the answer is all that stdout gets. '-' reads it from stdin. Without it: a dialog.",
            HelpName = "QUESTION",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var sampling = new SamplingOptions();
        var answerer = new AnswererOptions();
        var command = new Command("chat", "Talk to a model in the terminal, or get one answer on stdout.") { questionArgument };
        sampling.AddTo(command);
        answerer.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var question = await QuestionAsync(parsed.GetValue(questionArgument), terminal, cancellation);
            await using var answers = await answerer.OpenAsync(parsed, terminal, cancellation);
            return question is null
                ? await new ChatLoop(answers, sampling.Settings(parsed), sampling.System(parsed), terminal).RunAsync(cancellation)
                : await AnswerOnceAsync(answers, Dialog(sampling.System(parsed), question), sampling.Settings(parsed), terminal, cancellation);
        });
        return new Verb(
            VerbGroup.Serving,
            command,
            "llama4 chat",
            "llama4 chat \"What is the capital of France?\"",
            "git diff | llama4 chat - --system \"Describe this change.\" --url http://127.0.0.1:8080");
    }

    private static async Task<string?> QuestionAsync(string? argument, Terminal terminal, CancellationToken cancellation)
    {
        var question = argument == "-" ? (await terminal.Input.ReadToEndAsync(cancellation)).TrimEnd() : argument;
        return question is not null && string.IsNullOrWhiteSpace(question) ? throw new UsageException("The question is empty. See 'llama4 chat --help'.") : question;
    }

    private static List<Turn> Dialog(string? system, string question) =>
        system is null ? [new Turn("user", question)] : [new Turn("system", system), new Turn("user", question)];

    private static async Task<int> AnswerOnceAsync(
        IAnswerSource answers, List<Turn> dialog, AnswerSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        await foreach (var piece in answers.AnswerAsync(dialog, settings, cancellation))
        {
            terminal.Output.Write(piece);
            await terminal.Output.FlushAsync(cancellation);
        }

        terminal.Output.WriteLine();
        return CommandLine.Success;
    }
}
