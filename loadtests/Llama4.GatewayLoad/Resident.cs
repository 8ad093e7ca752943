using System.Globalization;

namespace Llama4.GatewayLoad;

/// <summary>The server's resident memory, half-secondly, while clients are at it.</summary>
internal sealed class Resident(ServerProcess server)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly List<long> _samples = [];

    public async Task SampleAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            _samples.Add(server.ResidentBytes);
            await Task.Delay(Pause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>In MB: the mean of each of five equal parts of the time.</summary>
    public string Fifths() => string.Join(' ', Enumerable.Range(0, 5).Select(fifth => Mean(fifth).ToString("0", CultureInfo.InvariantCulture)));

    private double Mean(int fifth)
    {
        var part = _samples.Skip(fifth * _samples.Count / 5).Take(Math.Max(1, _samples.Count / 5)).ToList();
        return part.Count == 0 ? double.NaN : part.Average() / 1e6;
    }
}
