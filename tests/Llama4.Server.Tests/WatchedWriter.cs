namespace Llama4.Server.Tests;

/// <summary>What a run writes, for tests that act when a text has appeared.</summary>
internal sealed class WatchedWriter : StringWriter
{
    private readonly Lock _lock = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _watches = [];

    public WatchedWriter() => NewLine = "\n";

    /// <summary>Completes once <paramref name="text"/> has been written.</summary>
    public Task Shows(string text)
    {
        lock (_lock)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watches.Add((text, seen));
            Check();
            return seen.Task.WaitAsync(TimeSpan.FromMinutes(5));
        }
    }

    public override void Write(char value)
    {
        lock (_lock)
        {
            base.Write(value);
            Check();
        }
    }

    public override void Write(string? value)
    {
        lock (_lock)
        {
            base.Write(value);
            Check();
        }
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_lock)
        {
            base.Write(buffer, index, count);
            Check();
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return base.ToString();
        }
    }

    private void Check()
    {
        var written = GetStringBuilder().ToString();
        _watches.Where(w => written.Contains(w.Text, StringComparison.Ordinal)).ToList().ForEach(w => w.Seen.TrySetResult());
    }
}
