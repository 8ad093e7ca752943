using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Llama4.Console.Tests;

/// <summary>The real server with scout-nano, a process of its own at a port of its own; can be killed and started again.</summary>
internal sealed class ServedNano : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);

    private Process? _process;

    private ServedNano(int port) => Address = new Uri($"http://127.0.0.1:{port}/");

    public Uri Address { get; }

    public static async Task<ServedNano> StartAsync()
    {
        var nano = new ServedNano(FreePort());
        await nano.RunAsync();
        return nano;
    }

    /// <summary>Starts the process and waits until it answers.</summary>
    public async Task RunAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", $"{Address.Port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = Address };
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                if ((await http.GetAsync("health/ready")).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited && clock.Elapsed < ReadyLimit)
            {
                // it does not listen yet
            }

            (clock.Elapsed < ReadyLimit).ShouldBeTrue($"the server at {Address} is not ready after {ReadyLimit.TotalSeconds} s");
        }
    }

    /// <summary>Kills the process, as a fault would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
