using System.Diagnostics;
using System.Globalization;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Memory;

/// <summary>Samples a server's resident memory while it is loaded.</summary>
/// <param name="name">Where it is read, for the report.</param>
/// <param name="read">Gives bytes, or null if there is no answer.</param>
internal sealed class ResidentMemory(string name, Func<CancellationToken, Task<long?>> read)
{
    /// <summary>At most as many, whatever the time.</summary>
    private const int SamplesWanted = 1800;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private static readonly string[] Metrics = ["dotnet_process_memory_working_set_bytes", "process_resident_memory_bytes", "process_working_set_bytes"];

    private readonly Lock _lock = new();
    private readonly List<MemorySample> _samples = [];

    /// <summary>Times at which there was no answer.</summary>
    public int Missed { get; private set; }

    public static ResidentMemory OfProcess(int id)
    {
        if (!ProcessExists(id))
        {
            throw new LoadTestException($"--pid: expected a running process, found none with id {id}");
        }

        return new ResidentMemory($"process {id}", _ => Task.FromResult(ReadProcess(id)));
    }

    /// <param name="url">A Prometheus page.</param>
    public static ResidentMemory OfMetrics(Uri url, string? key)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnswerLimit };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        }

        return new ResidentMemory(url.AbsoluteUri, async over =>
        {
            try
            {
                return ParseMetrics(await http.GetStringAsync(url, over));
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return null;
            }
        });
    }

    /// <summary>Of the first series of a metric that means resident memory.</summary>
    public static long? ParseMetrics(string page)
    {
        foreach (var name in Metrics)
        {
            foreach (var line in page.Split('\n'))
            {
                if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
                {
                    var value = line[(line.LastIndexOf('}') is >= 0 and var brace ? brace + 1 : name.Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    return value.Length > 0 && double.TryParse(value[0], CultureInfo.InvariantCulture, out var bytes) ? (long)bytes : null;
                }
            }
        }

        return null;
    }

    public async Task SampleAsync(RunClock clock, double seconds, CancellationToken over)
    {
        var pause = TimeSpan.FromSeconds(Math.Max(1, seconds / SamplesWanted));
        while (!over.IsCancellationRequested)
        {
            var bytes = await read(over);
            lock (_lock)
            {
                if (bytes is { } found)
                {
                    _samples.Add(new MemorySample(Math.Round(clock.Now, 3), found));
                }
                else
                {
                    Missed += over.IsCancellationRequested ? 0 : 1;
                }
            }

            await Task.Delay(pause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public MemoryFigures Figures(double growthMax)
    {
        lock (_lock)
        {
            return new MemoryFigures(name, [.. _samples], Deciding.Leak.Trend(_samples, growthMax));
        }
    }

    private static bool ProcessExists(int id) => ReadProcess(id) is not null;

    private static long? ReadProcess(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.WorkingSet64 is > 0 and var bytes ? bytes : null;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return null; // it is gone
        }
    }
}
