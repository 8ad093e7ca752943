using System.Runtime.InteropServices;

namespace Llama4.Server.Output;

/// <summary>
/// Ctrl-C and termination. An interrupt ends the run through <see cref="Token"/>, unless somebody has redirected it
/// (a chat stops its answer and goes on); a termination request always ends the run.
/// </summary>
public sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private Action? _redirect;

    /// <summary>Cancelled when the run shall end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Listens to the process's SIGINT, SIGTERM and SIGQUIT until disposed.</summary>
    public static Interrupts OfProcess()
    {
        var interrupts = new Interrupts();
        interrupts.Listen(PosixSignal.SIGINT, interrupts.Interrupt);
        interrupts.Listen(PosixSignal.SIGTERM, interrupts.Terminate);
        interrupts.Listen(PosixSignal.SIGQUIT, interrupts.Terminate);
        return interrupts;
    }

    /// <summary>From now on an interrupt calls <paramref name="handle"/> instead of ending the run, until the result is disposed.</summary>
    public IDisposable Redirect(Action handle)
    {
        _redirect = handle;
        return new Redirection(this);
    }

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt()
    {
        if (_redirect is { } handle)
        {
            handle();
        }
        else
        {
            Terminate();
        }
    }

    /// <summary>What SIGTERM does.</summary>
    public void Terminate() => _source.Cancel();

    public void Dispose()
    {
        _signals.ForEach(s => s.Dispose());
        _signals.Clear();
    }

    private void Listen(PosixSignal signal, Action handle) =>
        _signals.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            handle();
        }));

    private sealed class Redirection(Interrupts interrupts) : IDisposable
    {
        public void Dispose() => interrupts._redirect = null;
    }
}
