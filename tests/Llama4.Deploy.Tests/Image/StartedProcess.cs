using System.Collections.Concurrent;
using System.Diagnostics;

namespace Llama4.Deploy.Tests.Image;

/// <summary>A service's program, as Docker would start and stop it.</summary>
internal sealed class StartedProcess : IDisposable
{
    private const int LinesMax = 500;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];

    public StartedProcess(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its last lines.</summary>
    public string Said => string.Join(Environment.NewLine, _lines);

    /// <summary>SIGTERM, and the exit code.</summary>
    /// <exception cref="TimeoutException">It runs still after <paramref name="limit"/>.</exception>
    public async Task<int> StopAsync(TimeSpan limit)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(limit);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        while (_lines.Count > LinesMax)
            _lines.TryDequeue(out _);
    }
}
