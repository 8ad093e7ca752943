using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Hosting;

/// <summary>
/// The runtime can't go on: most often the others have declared this host dead while it was frozen or cut off. The owner is told and ends
/// the process in order; one that does not within <see cref="OwnerLimit"/> is ended here.
/// </summary>
internal sealed partial class FatalErrors(ILogger<FatalErrors> logger) : IFatalErrorHandler
{
    private static readonly TimeSpan OwnerLimit = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource<string> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason, in one line.</summary>
    public Task<string> Fatal => _fatal.Task;

    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        var reason = (exception?.Message ?? context ?? "unknown").ReplaceLineEndings(" ");
        if (!_fatal.TrySetResult($"this host cannot stay in its cluster: {reason}"))
            return;
        Lost(logger, reason);
        _ = ExitAsync();
    }

    private static async Task ExitAsync()
    {
        await Task.Delay(OwnerLimit);
        Environment.Exit(1);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "This host cannot stay in its cluster: {Reason}")]
    private static partial void Lost(ILogger logger, string reason);
}
