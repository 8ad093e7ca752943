using System.Diagnostics;
using Llama4.Client.Transport;

namespace Llama4.Cluster.Tests;

/// <summary>A redis-server of the test's own, at a free port; keeps nothing.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly Process _process;

    private RedisServer(Process process, Uri address) => (_process, Address) = (process, address);

    public static bool IsInstalled => Machine.HasProgram("redis-server");

    public Uri Address { get; }

    public static Task<RedisServer> StartAsync(params string[] more)
    {
        var port = Machine.FreePort();
        return StartAsync(["--port", $"{port}", .. more], new Uri($"redis://127.0.0.1:{port}"));
    }

    /// <summary>With a password, and reached by TLS only.</summary>
    public static Task<RedisServer> StartSecuredAsync(ClusterTls tls, string password)
    {
        var port = Machine.FreePort();
        return StartAsync(
            ["--port", "0", "--tls-port", $"{port}", "--tls-cert-file", tls.Certificate, "--tls-key-file", tls.Certificate, "--tls-ca-cert-file", tls.Authority,
                "--tls-auth-clients", "no", "--requirepass", password],
            new Uri($"rediss://:{Uri.EscapeDataString(password)}@127.0.0.1:{port}"));
    }

    private static async Task<RedisServer> StartAsync(string[] more, Uri address)
    {
        var start = new ProcessStartInfo("redis-server", ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", .. more])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
        }
        if (process.HasExited)
            throw new InvalidOperationException("redis-server ended while it started");
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return new RedisServer(process, address);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
