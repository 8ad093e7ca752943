using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Llama4.Client.Connection;

/// <summary>
/// An Orleans client of the cluster in a container of its own, so that a program may be an Orleans silo or client of something else as well. Connects when it is first
/// needed; one that could not is tried again by the next who asks.
/// </summary>
internal sealed class ClusterConnection(Llama4ClientOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>A client that is stopped says goodbye to silos; past it they find out themselves.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closed = new();
    private Task<IHost>? _host;

    /// <exception cref="Llama4Exception">The cluster does not answer within <see cref="Llama4ClientOptions.ConnectLimit"/>.</exception>
    public async Task<IGrainFactory> GrainsAsync(CancellationToken cancellation)
    {
        Task<IHost> host;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed.IsCancellationRequested, typeof(Llama4ChatClient));
            host = _host is null or { IsFaulted: true } or { IsCanceled: true } ? _host = Task.Run(ConnectAsync, CancellationToken.None) : _host;
        }

        return (await host.WaitAsync(cancellation)).Services.GetRequiredService<IGrainFactory>();
    }

    public async ValueTask DisposeAsync()
    {
        Task<IHost>? host;
        lock (_lock)
        {
            (host, _host) = (_host, null);
            _closed.Cancel();
        }

        if (host is null)
        {
            return;
        }

        await ((Task)host).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (host.IsCompletedSuccessfully)
        {
            await StopAsync(host.Result);
        }
    }

    private async Task<IHost> ConnectAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        limit.CancelAfter(options.ConnectLimit);
        Exception? reason = null;
        while (true)
        {
            try
            {
                return await TryAsync(failure => reason = failure, limit.Token);
            }
            catch (ClusterRequestException)
            {
                throw;
            }
            catch (Exception failure)
            {
                reason = failure is OperationCanceledException ? reason : failure;
            }

            if (limit.IsCancellationRequested)
            {
                throw NoAnswer(reason);
            }

            await Task.Delay(RetryEvery, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IHost> TryAsync(Action<Exception> failed, CancellationToken limit)
    {
        var membership = await ClusterAddress.MembershipAsync(options, limit);
        var host = ClientSetup.Build(
            client => { membership(client); client.UseConnectionRetryFilter((failure, stop) => AgainAsync(failure, stop)); }, ClusterAddress.Tls(options), options.Logging, limit);
        try
        {
            // Orleans itself looks at the token between two tries only.
            await host.StartAsync(limit).WaitAsync(limit);
            return host;
        }
        catch
        {
            await StopAsync(host);
            throw;
        }

        async Task<bool> AgainAsync(Exception failure, CancellationToken stop)
        {
            failed(failure);
            await Task.Delay(RetryEvery, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return !limit.IsCancellationRequested && !stop.IsCancellationRequested;
        }
    }

    private static async Task StopAsync(IHost host)
    {
        using var limit = new CancellationTokenSource(StopLimit);
        await host.StopAsync(limit.Token).WaitAsync(StopLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private Llama4Exception NoAnswer(Exception? reason) => new(
        new ChatError(
            503,
            "server_error",
            $"The cluster at {options.Cluster.GetComponents(UriComponents.SchemeAndServer, UriFormat.Unescaped)} does not answer within {options.ConnectLimit.TotalSeconds} s"
                + $"{(reason is null ? "" : $": {reason.Message.ReplaceLineEndings(" ")}")}",
            Code: "service_unavailable",
            RetryAfterSeconds: 1),
        reason);
}
