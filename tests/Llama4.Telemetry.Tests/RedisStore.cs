using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Llama4.Telemetry.Tests;

/// <summary>A redis-server of the test's own, at a free port; keeps nothing.</summary>
internal sealed class RedisStore : IAsyncDisposable
{
    private readonly Process _process;

    private RedisStore(Process process, int port) => (_process, Address) = (process, $"redis://127.0.0.1:{port}");

    public static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public string Address { get; }

    public static async Task<RedisStore> StartAsync()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var process = Process.Start(new ProcessStartInfo("redis-server", ["--bind", "127.0.0.1", "--port", $"{port}", "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
        }

        _ = process.StandardOutput.ReadToEndAsync();
        return !process.HasExited ? new RedisStore(process, port) : throw new InvalidOperationException("redis-server ended while it started");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
