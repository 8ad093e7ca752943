using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Deciding;

/// <summary>What a soak promises.</summary>
internal static class SoakVerdicts
{
    /// <param name="missed">Times at which memory could not be read.</param>
    public static IReadOnlyList<Verdict> Of(LoadResult result, int missed)
    {
        var counts = result.Counts;
        var verdicts = new List<Verdict>
        {
            new(
                "no request is lost",
                counts.Lost == 0,
                $"{counts.Sent:N0} sent, {counts.Of(Outcome.Ok):N0} answered to the end, {counts.Of(Outcome.Refused):N0} refused at once, {counts.Lost:N0} lost"),
            new("the generator sent all that was due", counts.ShedSessions + counts.ShedTurns == 0, $"{counts.ShedSessions + counts.ShedTurns:N0} shed"),
        };
        if (result.Memory is { } memory)
        {
            var trend = memory.Trend;
            verdicts.Add(new Verdict(
                "resident memory is flat",
                trend.IsFlat == true,
                trend.IsFlat is null
                    ? $"{memory.Samples.Count} samples, too few to tell"
                    : FormattableString.Invariant($"median {trend.MedianBytes / 1e6:0.0} MB, most {trend.MaxBytes / 1e6:0.0} MB; {trend.GrowthBytes / 1e6:+0.0;-0.0;0.0} MB from {trend.FromSeconds:0} s to {trend.ToSeconds:0} s ({trend.BytesPerHour / 1e6:+0.0;-0.0;0.0} MB/h), at most {trend.GrowthBytesMax / 1e6:0.0} MB")));
            verdicts.Add(new Verdict("memory could be read all the time", missed == 0, $"{missed} of {memory.Samples.Count + missed} readings without an answer"));
        }

        return verdicts;
    }
}
