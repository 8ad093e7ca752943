using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>Keeps the log lines of the gateway.</summary>
internal sealed class GatewayLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(_lines, categoryName.StartsWith("Llama4.", StringComparison.Ordinal));

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<string> lines, bool isKept) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => isKept;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (isKept)
            {
                lines.Enqueue($"{formatter(state, exception)} {exception}");
            }
        }
    }
}
