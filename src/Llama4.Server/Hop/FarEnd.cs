using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Hop;
using Llama4.Client.Transport;
using Llama4.Server.Output;

namespace Llama4.Server.Hop;

/// <summary>The other process of a measured hop: a silo and a bare echo. It ends when its stdin is closed, so it never outlives the one who started it.</summary>
internal sealed class FarEnd : IAsyncDisposable
{
    /// <summary>Its silo's name.</summary>
    public const string Name = "far";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly Process _process;

    private FarEnd(Process process, IPEndPoint raw) => (_process, Raw) = (process, raw);

    /// <summary>Its bare echo, over TLS where the silo has it.</summary>
    public IPEndPoint Raw { get; }

    /// <summary>Starts this program again as the far end of <paramref name="primary"/>.</summary>
    /// <param name="tls">Null for bare TCP.</param>
    public static async Task<FarEnd> StartAsync(IPEndPoint primary, ClusterTls? tls, CancellationToken cancellation)
    {
        var (file, first) = OwnCommand.Executable;
        string[] secured = tls is null ? [] : ["--cluster-tls", tls.Certificate, "--cluster-ca", tls.Authority];
        var start = new ProcessStartInfo(file, [.. first, "bench", "hop", "--far-end", primary.ToString(), .. secured])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} could not be started");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(StartLimit, cancellation);
            return IPEndPoint.TryParse(line ?? "", out var raw)
                ? new FarEnd(process, raw)
                : throw new InvalidOperationException($"the far end's first line: expected an address, found '{line}'");
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    /// <summary>Is the far end, until stdin ends.</summary>
    public static async Task ServeAsync(IPEndPoint primary, ClusterTls? tls, Terminal terminal, CancellationToken cancellation)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        await using var host = await HopHost.StartAsync(Name, primary, tls, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var raw = RawEcho.ServeAsync(listener, tls, stop.Token);
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{IPAddress.Loopback}:{((IPEndPoint)listener.LocalEndPoint!).Port}"));
        await terminal.Input.ReadToEndAsync(cancellation);
        await stop.CancelAsync();
        await raw.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
