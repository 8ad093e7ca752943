using System.Text;
using Llama4.Images;
using Llama4.Server.Output;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Chat;

/// <summary>
/// The terminal chat: a line is a question, a line that starts with a slash a command. Ctrl-C stops the answer that is
/// being given, and not the program.
/// </summary>
/// <param name="pictures">Shown with the first question.</param>
internal sealed class ChatLoop(IAnswerSource answers, AnswerSettings settings, string? system, IReadOnlyList<ImagePart> pictures, Terminal terminal)
{
    private const string Commands =
        """
        /system TEXT   give the model a system prompt (without TEXT: take it away) and start anew
        /image FILE    show a picture (PNG, JPEG, WebP, GIF) with the next question; several are shown in order (without FILE: none)
        /clear         forget the dialog
        /retry         ask the last question again
        /help          this list
        /exit          leave (also Ctrl-D)
        """;

    private readonly List<ChatMessage> _history = [];
    private string? _system = system;

    /// <summary>Of the next question.</summary>
    private List<ImagePart> _pictures = [.. pictures];

    /// <summary>Until /exit or the end of the input.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        Say($"{answers.Model}. /help lists the commands, Ctrl-C stops an answer, /exit leaves.");
        while (await ReadAsync(cancellation) is { } line)
        {
            if (line is "/exit" or "/quit")
            {
                break;
            }

            if (line.StartsWith('/'))
            {
                await ObeyAsync(line, cancellation);
            }
            else if (line.Length > 0)
            {
                await AskAsync(Question(_pictures, line), cancellation);
            }
        }

        return CommandLine.Success;
    }

    private async Task<string?> ReadAsync(CancellationToken cancellation)
    {
        Prompt();
        using var _ = terminal.Interrupts.Redirect(() =>
        {
            Say("\n(/exit or Ctrl-D leaves)");
            Prompt(); // the line that is being typed goes on here
        });
        var line = await terminal.Input.ReadLineAsync(cancellation);
        if (line is null && terminal.InputIsTerminal)
        {
            terminal.Output.WriteLine(); // the shell's prompt starts on a line of its own
        }

        return line?.Trim();
    }

    private void Prompt()
    {
        if (terminal.InputIsTerminal)
        {
            terminal.Output.Write("> ");
            terminal.Output.Flush();
        }
    }

    private async Task ObeyAsync(string line, CancellationToken cancellation)
    {
        var (verb, rest) = line.Split(' ', 2) is [var v, var r] ? (v, r.Trim()) : (line, "");
        switch (verb)
        {
            case "/help":
                Say(Commands);
                break;
            case "/clear":
                _history.Clear();
                Say("(forgotten)");
                break;
            case "/system":
                _system = rest.Length > 0 ? rest : null;
                _history.Clear();
                Say(_system is null ? "(no system prompt; the dialog starts anew)" : "(system prompt set; the dialog starts anew)");
                break;
            case "/image" when rest.Length > 0:
                Attach(rest);
                break;
            case "/image":
                _pictures = [];
                Say("(no picture)");
                break;
            case "/retry" when _history.FindLastIndex(message => message.Role == ChatRole.User) is >= 0 and var last:
                var question = _history[last];
                _history.RemoveRange(last, _history.Count - last);
                await AskAsync(question, cancellation);
                break;
            case "/retry":
                Say("(nothing to ask again)");
                break;
            default:
                Say($"({verb} is not a command; /help lists them)");
                break;
        }
    }

    /// <summary>A question with pictures shows them first.</summary>
    public static ChatMessage Question(IEnumerable<ImagePart> pictures, string text) => new(ChatRole.User, [.. pictures, new TextPart(text)]);

    private void Attach(string file)
    {
        try
        {
            _pictures.Add(AttachedPicture.Read(file));
            Say($"(shown with the next question: {file})");
        }
        catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"error: {error.Message}");
        }
    }

    /// <summary>An answer that was stopped stays in the dialog as far as it came; one that failed leaves no trace, and its pictures for the next question.</summary>
    private async Task AskAsync(ChatMessage question, CancellationToken cancellation)
    {
        _history.Add(question);
        _pictures = [];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var _ = terminal.Interrupts.Redirect(stop.Cancel);
        var answer = new StringBuilder();
        try
        {
            await foreach (var piece in answers.AnswerAsync(Dialog(), settings, stop.Token))
            {
                answer.Append(piece.Text);
                terminal.Output.Write(piece.Text);
                terminal.Output.Flush();
            }

            terminal.Output.WriteLine();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            terminal.Output.WriteLine();
            Say("(stopped)");
        }
        catch (Exception error) when (error is IOException or HttpRequestException or InvalidOperationException or ImageFormatException)
        {
            _history.RemoveAt(_history.Count - 1);
            _pictures = [.. question.Content.OfType<ImagePart>()];
            terminal.Output.WriteLine();
            terminal.Error.WriteLine($"error: {error.Message}");
            return;
        }

        _history.Add(new ChatMessage(ChatRole.Assistant, answer.ToString()));
    }

    private ChatDialog Dialog() => new(_system is null ? _history : [new ChatMessage(ChatRole.System, _system), .. _history]);

    /// <summary>Words of the program itself: on stderr, so that stdout holds only answers.</summary>
    private void Say(string text)
    {
        if (terminal.InputIsTerminal)
        {
            terminal.Error.WriteLine(text);
        }
    }
}
