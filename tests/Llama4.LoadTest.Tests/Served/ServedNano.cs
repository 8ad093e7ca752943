using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama4.LoadTest.Tests.Served;

/// <summary><c>llama4 serve</c> with scout-nano, a process of its own, for the tests of a class.</summary>
public sealed partial class ServedNano : IAsyncLifetime
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(5); // machines are noisy

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public string Url { get; private set; } = "";

    public int Id => _process!.Id;

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", "0"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await _ready.Task.WaitAsync(ReadyLimit);
    }

    public async ValueTask DisposeAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (Url.Length == 0 && Address().Match(line ?? "") is { Success: true } found)
        {
            Url = found.Value;
        }

        if (line?.Contains("Ready: the first token", StringComparison.Ordinal) == true)
        {
            _ready.TrySetResult();
        }
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
