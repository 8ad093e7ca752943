using Microsoft.Extensions.Logging;

namespace Llama4.Simulation;

/// <summary>What the project's own code logs, in the world's journal.</summary>
internal sealed class JournalLogger<T>(World world, string process) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => world.Journal is not null || logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Tell($"{process}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message}{exception.StackTrace?.Split((char)10).FirstOrDefault(line => line.Contains("Llama4"))})")}");
        if (logLevel >= LogLevel.Critical)
            world.Fail($"{process}: {formatter(state, exception)}: {exception}");
    }
}
