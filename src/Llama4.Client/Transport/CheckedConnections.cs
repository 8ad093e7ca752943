using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Transport;

/// <summary>Puts a <see cref="CheckedReader"/> between a connection and Orleans, and cuts one on which nothing begins.</summary>
/// <param name="limit">How long the preamble may take: Orleans itself would wait for ever.</param>
internal sealed partial class CheckedConnections(TimeSpan limit, ILogger logger)
{
    public void AddTo(IConnectionBuilder connections) => connections.Use(next => connection => RunAsync(connection, next));

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var input = new CheckedReader(connection.Transport.Input);
        connection.Transport = new Duplex(input, connection.Transport.Output);
        await using var timer = new Timer(_ => Cut(connection, input), null, limit, Timeout.InfiniteTimeSpan);
        await next(connection);
    }

    private void Cut(ConnectionContext connection, CheckedReader input)
    {
        if (input.Begun)
            return;
        Silent(logger, connection.RemoteEndPoint, limit.TotalSeconds);
        connection.Abort(new ConnectionAbortedException("no preamble"));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connection from {Remote} cut: no preamble within {Seconds} s")]
    private static partial void Silent(ILogger logger, System.Net.EndPoint? remote, double seconds);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
