using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;
using Llama4.Tokenization.Chat;

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
        var images = new Option<string[]>("--image")
        {
            Description = "Pictures that the question is about, or the dialog's first one: PNG, JPEG, WebP or GIF.",
            HelpName = "FILE...",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var sampling = new SamplingOptions();
        var answerer = new AnswererOptions();
        var command = new Command("chat", "Talk to a model in the terminal, or get one answer on stdout.") { questionArgument, images };
        sampling.AddTo(command);
        answerer.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var question = await QuestionAsync(parsed.GetValue(questionArgument), terminal, cancellation);
            var pictures = Array.ConvertAll(parsed.GetRequiredValue(images), AttachedPicture.Read); // before a model is loaded for nothing
            await using var answers = await answerer.OpenAsync(parsed, terminal, cancellation);
            return question is null
                ? await new ChatLoop(answers, sampling.Settings(parsed), sampling.System(parsed), pictures, terminal).RunAsync(cancellation)
                : await AnswerOnceAsync(answers, Dialog(sampling.System(parsed), ChatLoop.Question(pictures, question)), sampling.Settings(parsed), terminal, cancellation);
        });
        return new Verb(
            VerbGroup.Serving,
            command,
            "llama4 chat",
            "llama4 chat \"What is the capital of France?\"",
            "llama4 chat \"Which color is it?\" --image shape.png",
            "git diff | llama4 chat - --system \"Describe this change.\" --url http://127.0.0.1:8080");
    }

    private static async Task<string?> QuestionAsync(string? argument, Terminal terminal, CancellationToken cancellation)
    {
        var question = argument == "-" ? (await terminal.Input.ReadToEndAsync(cancellation)).TrimEnd() : argument;
        return question is not null && string.IsNullOrWhiteSpace(question) ? throw new UsageException("The question is empty. See 'llama4 chat --help'.") : question;
    }

    private static ChatDialog Dialog(string? system, ChatMessage question) => new(system is null ? [question] : [new ChatMessage(ChatRole.System, system), question]);

    private static async Task<int> AnswerOnceAsync(
        IAnswerSource answers, ChatDialog dialog, AnswerSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        await foreach (var piece in answers.AnswerAsync(dialog, settings, cancellation))
        {
            terminal.Output.Write(piece.Text);
            await terminal.Output.FlushAsync(cancellation);
        }

        terminal.Output.WriteLine();
        return CommandLine.Success;
    }
}
