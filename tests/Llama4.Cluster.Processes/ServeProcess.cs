using System.Collections.Concurrent;
using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Processes;

/// <summary>One <c>llama4 serve --cluster</c> process of scout-nano, with the options that a spread needs.</summary>
internal sealed class ServeProcess : IDisposable
{
    private const int LinesKept = 200;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = [];

    public ServeProcess(Uri store, string name, HostRoles roles, long bytes, int replicas)
    {
        Name = name;
        _process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--cluster", store.ToString(), "--name", name,
                "--roles", roles.ToString().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant(), "--threads", "1",
                "--memory", $"{bytes}B", "--kv-memory", $"{SpreadCluster.KvBytes >> 20}MiB", "--replicas", $"{replicas}",
            ]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Its last lines, for a report of what went wrong.</summary>
    public string Log() => string.Join(Environment.NewLine, _log.TakeLast(20).Select(line => $"    {Name}: {line}"));

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        while (_log.Count > LinesKept && _log.TryDequeue(out _))
        {
        }
    }
}
