using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>A program that a test starts, hears and ends.</summary>
public sealed class OwnProcess : IDisposable
{
    private const int LinesMax = 1000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly string _name;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];

    /// <param name="name">For messages.</param>
    /// <param name="environment">Beside what this process has.</param>
    public OwnProcess(string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        _name = name;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Its last lines of stdout and stderr.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Waits for a line like this.</summary>
    /// <exception cref="TimeoutException">None came, or the program has ended; with what it said.</exception>
    public async Task<Match> LineAsync(Regex wanted, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var hasExited = HasExited;
            foreach (var line in _lines)
            {
                if (wanted.Match(line) is { Success: true } found)
                {
                    return found;
                }
            }

            if (hasExited || Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"{_name} {(hasExited ? "has ended and" : "")} said no line like {wanted}:{Environment.NewLine}{Said()}");
            }

            await Task.Delay(LookEvery);
        }
    }

    /// <summary>TERM, STOP or CONT.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>For a report of what went wrong.</summary>
    public string Said() => string.Join(Environment.NewLine, _lines.TakeLast(40).Select(line => $"    {_name}: {line}"));

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true); // also one that is stopped
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        while (_lines.Count > LinesMax && _lines.TryDequeue(out _))
        {
        }
    }
}
