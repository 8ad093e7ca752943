using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Tests;

/// <summary>Warnings and worse of one category, as lines that a test waits for.</summary>
internal sealed class LogLines(string category) : ILoggerProvider, ILogger
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1));

    public ILogger CreateLogger(string categoryName) =>
        categoryName == category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            _lines.Writer.TryWrite(formatter(state, exception) + exception);
    }

    public void Dispose()
    {
    }
}
