using System.Text;
using Llama4.Server.Output;

namespace Llama4.Server.Chat;

/// <summary>
/// The terminal chat: a line is a question, a line that starts with a slash a command. Ctrl-C stops the answer that is
/// being given, and not the program.
/// </summary>
internal sealed class ChatLoop(IAnswerSource answers, AnswerSettings settings, string? system, Terminal terminal)
{
    private const string Commands =
        """
        /system TEXT   give the model a system prompt (without TEXT: take it away) and start anew
        /clear         forget the dialog
        /retry         ask the last question again
        /help          this list
        /exit          leave (also Ctrl-D)
        """;

    private readonly List<Turn> _history = [];
    private string? _system = system;

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
                await AskAsync(line, cancellation);
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
            case "/retry" when _history.FindLastIndex(t => t.Role == "user") is >= 0 and var last:
                var question = _history[last].Content;
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

    /// <summary>An answer that was stopped stays in the dialog as far as it came; one that failed leaves no trace.</summary>
    private async Task AskAsync(string question, CancellationToken cancellation)
    {
        _history.Add(new Turn("user", question));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var _ = terminal.Interrupts.Redirect(stop.Cancel);
        var answer = new StringBuilder();
        try
        {
            await foreach (var piece in answers.AnswerAsync(Dialog(), settings, stop.Token))
            {
                answer.Append(piece);
                terminal.Output.Write(piece);
                terminal.Output.Flush();
            }

            terminal.Output.WriteLine();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            terminal.Output.WriteLine();
            Say("(stopped)");
        }
        catch (Exception error) when (error is IOException or HttpRequestException or InvalidOperationException)
        {
            _history.RemoveAt(_history.Count - 1);
            terminal.Output.WriteLine();
            terminal.Error.WriteLine($"error: {error.Message}");
            return;
        }

        _history.Add(new Turn("assistant", answer.ToString()));
    }

    private List<Turn> Dialog() => _system is null ? _history : [new Turn("system", _system), .. _history];

    /// <summary>Words of the program itself: on stderr, so that stdout holds only answers.</summary>
    private void Say(string text)
    {
        if (terminal.InputIsTerminal)
        {
            terminal.Error.WriteLine(text);
        }
    }
}
