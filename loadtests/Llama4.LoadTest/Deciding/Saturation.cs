using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Deciding;

/// <summary>Whether a rate is more than a server can do: its service level is broken, or requests pile up.</summary>
internal static class Saturation
{
    /// <summary>Of the arrivals of half a step, how many may be left over before they pile up.</summary>
    private const double LeftOverShare = 0.1;

    /// <summary>Requests on their way vary by the root of their number where arrivals are Poisson's; three of these are no accident.</summary>
    private const double Deviations = 3;

    /// <summary>Fewer left over are never a backlog.</summary>
    private const double BacklogMin = 4;

    /// <param name="inFlight">Requests on their way, sampled evenly over the arrivals of one step.</param>
    /// <returns>By how many they grew from the middle to the end, each the mean of a fifth of the samples.</returns>
    public static double Backlog(IReadOnlyList<int> inFlight) => Fifth(inFlight, 4) - Fifth(inFlight, 2);

    /// <summary>Why the rate is too much, or null.</summary>
    /// <param name="inFlight">As above.</param>
    public static string? Broken(Slo slo, Counts counts, double sloShare, IReadOnlyList<int> inFlight)
    {
        if (counts.ShedSessions + counts.ShedTurns > 0)
        {
            return $"{counts.ShedSessions + counts.ShedTurns} shed: as many on their way as the generator may have";
        }

        if (sloShare < slo.Share)
        {
            return FormattableString.Invariant($"{100 * sloShare:0.0} % within the service level, less than {100 * slo.Share:0.0} %");
        }

        var backlog = Backlog(inFlight);
        return backlog > Math.Max(Math.Max(BacklogMin, Deviations * Math.Sqrt(Fifth(inFlight, 2))), LeftOverShare * counts.Sent / 2)
            ? FormattableString.Invariant($"a growing backlog: {backlog:0.0} more on their way at the end than in the middle")
            : null;
    }

    private static double Fifth(IReadOnlyList<int> samples, int fifth)
    {
        var (from, to) = (samples.Count * fifth / 5, samples.Count * (fifth + 1) / 5);
        return from == to ? 0 : samples.Skip(from).Take(to - from).Average();
    }
}
