using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 chat</c>: a dialog in the terminal, or one answer on stdout.</summary>
internal static class ChatVerb
{
    public static Verb Create(Terminal terminal)
    {
        var question = new Argument<string?>("question") { Description = "Answer this and leave; - reads it from stdin. Without it: a dialog.", Arity = ArgumentArity.ZeroOrOne };
        question.Validators.Add(result =>
        {
            // Otherwise a mistyped option would silently become the question.
            if (result.Tokens is [{ Value: ['-', _, ..] and var text }])
            {
                result.AddError($"Unrecognized option '{text}'");
            }
        });
        var source = new AnswerSourceOptions();
        var sampling = new SamplingOptions();
        var command = new Command("chat", "Talks with a model in the terminal, or answers one question.") { question };
        source.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (system, settings) = (sampling.System(parsed), sampling.Settings(parsed));
            var asked = parsed.GetValue(question) is "-" ? (await terminal.Input.ReadToEndAsync(cancellation)).Trim() : parsed.GetValue(question)?.Trim();
            if (asked is "")
            {
                throw new UsageException("the question is empty");
            }

            await using var answers = await source.OpenAsync(parsed, terminal, cancellation);
            return asked is null
                ? await new ChatLoop(answers, settings, system, terminal).RunAsync(cancellation)
                : await AnswerAsync(answers, system, asked, settings, terminal, cancellation);
        });
        return new Verb(
            VerbGroup.Serving,
            command,
            "llama4 chat",
            "llama4 chat \"What is the capital of France?\"",
            "llama4 chat --system \"Answer in one word.\" --temperature 0 - < question.txt",
            "llama4 chat --url http://127.0.0.1:8080");
    }

    private static async Task<int> AnswerAsync(
        IAnswerSource answers,
        string? system,
        string question,
        AnswerSettings settings,
        Terminal terminal,
        CancellationToken cancellation)
    {
        var user = new Turn("user", question);
        await foreach (var piece in answers.AnswerAsync(system is null ? [user] : [new Turn("system", system), user], settings, cancellation))
        {
            terminal.Output.Write(piece);
            await terminal.Output.FlushAsync(cancellation);
        }

        terminal.Output.WriteLine();
        return CommandLine.Success;
    }
}
