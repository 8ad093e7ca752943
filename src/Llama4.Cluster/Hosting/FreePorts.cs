using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;

namespace Llama4.Cluster.Hosting;

/// <summary>Silos at ports that the system chooses: another program may take one between its choice and its use, so they start again at another.</summary>
internal static class FreePorts
{
    public const int TriesMax = 5;

    /// <param name="build">A silo that other silos reach there.</param>
    /// <returns>One that runs, and where.</returns>
    public static async Task<(IHost Silo, IPEndPoint Own)> StartAsync(Func<IPEndPoint, IHost> build, CancellationToken cancellation = default)
    {
        for (var tries = 1; ; tries++)
        {
            var own = SiloSetup.FreeEndpoint();
            var silo = build(own);
            try
            {
                await silo.StartAsync(cancellation);
                return (silo, own);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested) // Orleans goes on with what a start that was broken off has begun, and without a pause where that is disposed of
            {
                await ((IAsyncDisposable)silo).DisposeAsync();
                if (tries == TriesMax || !IsInUse(error))
                    throw;
            }
        }
    }

    /// <summary>Whether a port was taken by another program between its choice and its use.</summary>
    public static bool IsInUse(Exception error) =>
        error is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || (error.InnerException is { } inner && IsInUse(inner))
        || error is AggregateException many && many.InnerExceptions.Any(IsInUse);
}
