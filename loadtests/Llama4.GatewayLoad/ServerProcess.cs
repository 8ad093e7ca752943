using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama4.GatewayLoad;

/// <summary><c>llama4 serve</c> with scout-nano, as a process of its own.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="keys">The file of API keys.</param>
    public ServerProcess(string keys)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", "0", "--threads", "2", "--api-keys", keys];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it logged as a warning or worse.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>It logged an error: something failed that no client need have noticed.</summary>
    public bool HasFailed => _complaints.Any(line => !line.Contains(" warn: ", StringComparison.Ordinal));

    public long ResidentBytes => StatusKib("VmRSS:") << 10;

    /// <summary>The most it ever was.</summary>
    public long ResidentBytesMax => StatusKib("VmHWM:") << 10;

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public async Task<Uri> ReadyAsync()
    {
        await _ready.Task.WaitAsync(StartLimit);
        return await _address.Task.WaitAsync(StartLimit);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (line.Contains("Ready: the first token", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
        else if (line.Contains(" warn: ", StringComparison.Ordinal) || line.Contains(" fail: ", StringComparison.Ordinal) || line.StartsWith("error", StringComparison.Ordinal))
        {
            _complaints.Enqueue(line);
        }
        else if (Address().Match(line) is { Success: true } found)
        {
            _address.TrySetResult(new Uri(found.Value));
        }
    }

    private long StatusKib(string name) => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
