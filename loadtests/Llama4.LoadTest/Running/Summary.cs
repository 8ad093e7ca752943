using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Running;

/// <summary>What a recorder has so far, as a result.</summary>
internal static class Summary
{
    public static LoadResult Of(string verb, Scenario scenario, Target target, DateTimeOffset startedAt, double elapsed, bool interrupted, Recorder recorder)
    {
        var counts = recorder.Counts();
        var (series, parts, failures) = recorder.Details();
        return new LoadResult
        {
            Verb = verb,
            StartedAt = startedAt,
            Scenario = scenario,
            Url = target.Url.AbsoluteUri,
            Model = target.Model,
            ElapsedSeconds = elapsed,
            Interrupted = interrupted,
            Counts = counts,
            Rates = RatesOf(counts, elapsed),
            Latency = recorder.Latencies(),
            Parts = parts,
            Failures = failures,
            Series = series,
        };
    }

    public static Rates RatesOf(Counts counts, double elapsed)
    {
        var wanted = counts.Sent + counts.ShedSessions + counts.ShedTurns;
        return new Rates(
            counts.Sent / elapsed,
            counts.Of(Client.Outcome.Ok) / elapsed,
            counts.AnswerTokens / elapsed,
            counts.PromptTokens / elapsed,
            counts.Good / elapsed,
            wanted == 0 ? 0 : (double)counts.Good / wanted);
    }
}

/// <summary>Who is asked.</summary>
internal sealed record Target(Uri Url, string? Key, string Model);
