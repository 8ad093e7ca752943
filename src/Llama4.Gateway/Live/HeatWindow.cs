using Llama4.Contracts;

namespace Llama4.Gateway.Live;

/// <summary>Tokens that routers sent to each expert within the last seconds, over all hosts, from counts that grow from each host's start.</summary>
/// <param name="length">Of the window.</param>
/// <param name="every">How often samples come, about.</param>
internal sealed class HeatWindow(TimeSpan length, TimeSpan every)
{
    private readonly LinkedList<(TimeSpan At, Dictionary<HostId, long[]> Counts)> _samples = [];

    /// <param name="at">On a clock that only grows.</param>
    /// <param name="entries">Of each host's counts; those of a host that counts otherwise are left out.</param>
    /// <returns>[entries].</returns>
    public long[] Add(TimeSpan at, IEnumerable<HostStatus> hosts, int entries)
    {
        var now = hosts.Where(host => host.RoutedTokens?.Length == entries).ToDictionary(host => host.Host, host => host.RoutedTokens!);
        // The window begins at the last sample that is as old as it is long, give or take half the time between two.
        while (_samples.First?.Next is { } second && at - second.Value.At >= length - (every / 2))
        {
            _samples.RemoveFirst();
        }

        var tokens = new long[entries];
        foreach (var (host, counts) in now)
        {
            // A host that was not there when the window began is counted from where it came in.
            var first = _samples.Select(sample => sample.Counts.GetValueOrDefault(host)).FirstOrDefault(before => before?.Length == entries);
            for (var i = 0; first is not null && i < entries; i++)
            {
                tokens[i] += counts[i] - first[i];
            }
        }

        _samples.AddLast((at, now));
        return tokens;
    }
}
