using Llama4.Client.Connection;
using Llama4.Cluster.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests;

public class EmbeddedClusterTests
{
    [Fact]
    public async Task Start_WhenInterruptedWhileTheSiloStarts_EndsAsInterruptedAndLogsNothing()
    {
        using var interrupt = new CancellationTokenSource();
        var log = new LogLines();

        var start = EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions
            {
                ModelDirectory = ScoutNano.Directory,
                Logging = log.AddTo,
                Silo = silo => silo.AddStartupTask((_, _) => interrupt.CancelAsync()),
            },
            cancellation: interrupt.Token);

        await Should.ThrowAsync<OperationCanceledException>(start);
        log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Start_WhenInterruptedWhileItLoads_EndsAsInterruptedAndLogsNothing()
    {
        using var interrupt = new CancellationTokenSource();
        var log = new LogLines();
        var progress = new InterruptAtFirst(interrupt);

        var start = EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Logging = log.AddTo }, progress, interrupt.Token);

        await Should.ThrowAsync<OperationCanceledException>(start);
        log.Lines.ShouldBeEmpty();
        progress.Last.ShouldBeLessThan(1); // the rest was not loaded
    }

    [Fact]
    public async Task Silo_LeavesTheProcesssSignalsToItsOwner()
    {
        IHostLifetime? lifetime = null;
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            ModelDirectory = ScoutNano.Directory,
            Silo = silo => silo.AddStartupTask((services, _) =>
            {
                lifetime = services.GetRequiredService<IHostLifetime>();
                return Task.CompletedTask;
            }),
        });

        lifetime.ShouldBeOfType<OwnersLifetime>(); // the runtime's default would hear them too
    }

    private sealed class InterruptAtFirst(CancellationTokenSource interrupt) : IProgress<double>
    {
        private double _last;

        public double Last => Volatile.Read(ref _last);

        public void Report(double value)
        {
            Volatile.Write(ref _last, value);
            interrupt.Cancel();
        }
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                    return [.. _lines];
            }
        }

        public void AddTo(ILoggingBuilder logging) =>
            logging.AddProvider(this).AddFilter("Orleans.Runtime.Silo", LogLevel.Error); // its advice on server GC is a warning

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            lock (_lines)
                _lines.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
