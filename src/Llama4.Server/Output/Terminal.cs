using System.Text;

namespace Llama4.Server.Output;

/// <summary>
/// The three streams of a run, and who is at their other end. Data goes to <see cref="Output"/>; progress and
/// errors go to <see cref="Error"/>, so that a pipe sees only data.
/// </summary>
public sealed class Terminal
{
    public required TextReader Input { get; init; }

    public required TextWriter Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>A person types at <see cref="Input"/>.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>A person reads <see cref="Output"/>.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>A person reads <see cref="Error"/>: progress bars make sense.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>What Ctrl-C does.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>Tells of what is not as it should be, and does not stop the run.</summary>
    public void Warn(string message) => Error.WriteLine($"warning: {message}");

    /// <summary>The process's own streams, always UTF-8 whatever the locale says: JSON lines are.</summary>
    public static Terminal OfProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (!Console.IsOutputRedirected)
        {
            Console.OutputEncoding = utf8;
        }

        return new Terminal
        {
            Input = new InterruptibleReader(StandardInput.Open(utf8)),
            Output = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Interrupts = Interrupts.OfProcess(),
        };
    }
}
