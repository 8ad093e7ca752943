using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama4.Server.Tests;

/// <summary><c>llama4 serve</c> as a process, and all that it writes.</summary>
internal sealed partial class ServedProcess : IAsyncDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly WatchedWriter _written = new();

    private ServedProcess(Process process)
    {
        _process = process;
        DataReceivedEventHandler write = (_, line) => _written.WriteLine(line.Data);
        process.OutputDataReceived += write;
        process.ErrorDataReceived += write;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Address => Url().Match(_written.ToString()).Value;

    public static async Task<ServedProcess> StartAsync(params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, "serve", "--port", "0", .. options])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var served = new ServedProcess(Process.Start(start)!);
        await served.WritesAsync("Ready: the first token");
        return served;
    }

    public Task WritesAsync(string text) => _written.Shows(text);

    public async Task<string> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(Hang);
        _process.WaitForExit(); // to the last line
        return _written.ToString();
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Url();
}
