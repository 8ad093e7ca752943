using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama4.Telemetry.Tests;

/// <summary><c>llama4 serve</c> as a process of its own with the bundled model, with an environment that says where its telemetry goes.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process) => _process = process;

    public HttpClient Http { get; } = new() { Timeout = 2 * Limit };

    public int Id => _process.Id;

    public string Log => string.Join(Environment.NewLine, _lines);

    /// <summary>Returns when it is served; with a gateway, ready.</summary>
    /// <param name="environment">More variables; none of OpenTelemetry's are inherited.</param>
    public static async Task<ServerProcess> StartAsync(Dictionary<string, string> environment, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("LLAMA4_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        server._process.OutputDataReceived += (_, line) => server.Take(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Take(line.Data);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        server._process.EnableRaisingEvents = true;
        server._process.Exited += (_, _) => server._address.TrySetException(new InvalidOperationException($"the server has ended:{Environment.NewLine}{server.Log}"));
        if (!options.Contains("--port"))
        {
            return server;
        }

        try
        {
            server.Http.BaseAddress = await server._address.Task.WaitAsync(Limit);
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when it is a host of its cluster.</summary>
    public Task JoinedAsync() => SaidAsync([this], " has joined cluster ");

    /// <summary>Returns when the processes, each with a host, have a plan over all of them: a gateway is ready before that.</summary>
    public static Task PlannedAsync(params ServerProcess[] hosts) => SaidAsync(hosts, $" over {hosts.Length} hosts is in force");

    /// <summary>SIGTERM, and the wait for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    /// <summary>Of the machine's memory.</summary>
    public long ResidentMiB()
    {
        _process.Refresh();
        return _process.WorkingSet64 >> 20;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Http.Dispose();
    }

    /// <summary>Returns when one of the processes has written this.</summary>
    private static async Task SaidAsync(ServerProcess[] processes, string text)
    {
        using var end = new CancellationTokenSource(Limit);
        while (!processes.Any(process => process.Log.Contains(text, StringComparison.Ordinal)))
        {
            await Task.Delay(100, end.Token);
        }
    }

    private async Task ReadyAsync()
    {
        using var end = new CancellationTokenSource(Limit);
        while (true)
        {
            using var response = await Http.GetAsync("/health/ready", end.Token);
            if (response.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(100, end.Token);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        if (Address().Match(line) is { Success: true } found)
        {
            _address.TrySetResult(new Uri(found.Groups[1].Value));
        }
    }

    [GeneratedRegex("is served at (http://[^ ]+)")]
    private static partial Regex Address();
}
