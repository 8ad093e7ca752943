using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama4.Console.Tests;

/// <summary>The real server with scout-nano, a process of its own; can be killed and started again at the same port.</summary>
internal sealed partial class ServedNano : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(5); // machines are noisy

    private Process? _process;

    private ServedNano()
    {
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1:0/");

    public static async Task<ServedNano> StartAsync()
    {
        var nano = new ServedNano();
        await nano.RunAsync();
        return nano;
    }

    /// <summary>Starts the process and waits until it answers.</summary>
    public async Task RunAsync()
    {
        var lines = new ConcurrentQueue<string>();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", $"{Address.Port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => address.TrySetException(new InvalidOperationException($"the server ended:\n{string.Join('\n', lines)}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Address = await address.Task.WaitAsync(ReadyLimit);

        using var http = new HttpClient { BaseAddress = Address };
        for (var clock = Stopwatch.StartNew(); !(await http.GetAsync("health/ready")).IsSuccessStatusCode; await Task.Delay(100))
        {
            (clock.Elapsed < ReadyLimit).ShouldBeTrue($"not ready after {ReadyLimit.TotalSeconds} s:\n{string.Join('\n', lines)}");
        }

        void Take(string? line)
        {
            lines.Enqueue(line ?? "");
            if (ServedAt().Match(line ?? "") is { Success: true } found)
            {
                address.TrySetResult(new Uri(found.Value + "/"));
            }
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

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex ServedAt();
}
