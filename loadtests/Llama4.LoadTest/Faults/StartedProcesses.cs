using System.Diagnostics;

namespace Llama4.LoadTest.Faults;

/// <summary>Processes that are started for a run and end with it; their numbers are PID1, PID2 ... in the environment of commands.</summary>
internal sealed class StartedProcesses : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly List<Process> _processes = [];

    /// <param name="commands">For the shell; what they write goes to <c>startedN.log</c> in <paramref name="folder"/>, or nowhere.</param>
    public StartedProcesses(IEnumerable<string> commands, string? folder)
    {
        foreach (var command in commands)
        {
            var log = folder is null ? "/dev/null" : Path.Combine(folder, $"started{_processes.Count + 1}.log");
            // exec: the number is the program's and not the shell's.
            _processes.Add(Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec {command} >\"$LOG\" 2>&1"]) { Environment = { ["LOG"] = log } })!);
        }
    }

    public IReadOnlyDictionary<string, string> Variables => _processes.Select((process, i) => ($"PID{i + 1}", $"{process.Id}")).ToDictionary();

    /// <summary>Waits until the server answers to a GET.</summary>
    /// <exception cref="LoadTestException">One of the processes ended, or the limit passed.</exception>
    public async Task ReadyAsync(Uri url, TimeSpan limit, CancellationToken stop)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(200, stop))
        {
            if (_processes.FindIndex(process => process.HasExited) is >= 0 and var ended)
            {
                throw new LoadTestException($"--start: expected it to stay, found that the {ended + 1}. one ended with {_processes[ended].ExitCode}");
            }

            try
            {
                using var response = await http.GetAsync(url, stop);
                if ((int)response.StatusCode < 500)
                {
                    return;
                }
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                // It is not there yet.
            }

            if (clock.Elapsed > limit)
            {
                throw new LoadTestException($"--start: expected an answer of {url} within {limit.TotalSeconds:0} s, found none");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes).Where(process => !process.HasExited)) // what others rely on was started first
        {
            using var terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            using var wake = Process.Start("kill", ["-CONT", $"{process.Id}"]); // a fault may have frozen it
            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        _processes.ForEach(process => process.Dispose());
    }
}
