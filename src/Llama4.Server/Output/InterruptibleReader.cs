namespace Llama4.Server.Output;

/// <summary>
/// A reader whose waits end when they are cancelled. A read from a terminal or a pipe that has begun cannot be taken back: it is left to
/// a thread of its own, and what it reads after all is lost with it, so a reader that was cancelled is not read again.
/// </summary>
internal sealed class InterruptibleReader(TextReader inner) : TextReader
{
    public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken) => new(Waited(inner.ReadLine, cancellationToken));

    public override Task<string> ReadToEndAsync(CancellationToken cancellationToken) => Waited(inner.ReadToEnd, cancellationToken);

    public override int Peek() => inner.Peek();

    public override int Read() => inner.Read();

    public override int Read(char[] buffer, int index, int count) => inner.Read(buffer, index, count);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Task<T> Waited<T>(Func<T> read, CancellationToken cancellation) => Task.Run(read, cancellation).WaitAsync(cancellation);
}
