using System.Collections.Concurrent;
using System.Diagnostics;

namespace Llama4.FaultBench;

/// <summary>One <c>llama4 serve --cluster</c> process.</summary>
public sealed class HostProcess : IDisposable
{
    /// <summary>Of a replica, over all layers.</summary>
    public const long KvBytes = 64 << 20;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = [];

    /// <param name="cell">The network it runs in; null for that of this machine.</param>
    /// <param name="memory">As the option takes it.</param>
    /// <param name="replicas">The same for all hosts of a cluster.</param>
    public HostProcess(Uri store, string name, string roles, HostCell? cell, string memory = "1GiB", int replicas = 1)
    {
        (Name, Roles, Cell) = (name, roles, cell);
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--cluster", store.ToString(), "--name", name, "--roles", roles,
            "--threads", "1", "--memory", memory, "--kv-memory", $"{KvBytes >> 20}MiB", "--replicas", $"{replicas}",
        ];
        if (roles.Contains("gateway", StringComparison.Ordinal))
            arguments = [.. arguments, "--port", "0"];
        string[] command = cell is null ? ["dotnet", .. arguments] : ["ip", "netns", "exec", cell.Space, "dotnet", .. arguments, "--advertise", $"{cell.Address}"];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public string Roles { get; }

    public HostCell? Cell { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Its last lines, for a report of what went wrong.</summary>
    public string Log() => string.Join(Environment.NewLine, _log.TakeLast(30).Select(line => $"    {Name}: {line}"));

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>STOP, CONT or TERM.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Signal("CONT");
            _process.Kill();
        }
        _process.Dispose();
    }

    private void Log(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        while (_log.Count > 200 && _log.TryDequeue(out _))
        {
        }
    }
}
