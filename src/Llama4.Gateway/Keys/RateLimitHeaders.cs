using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Keys;

/// <summary>What a key has left, in the headers that OpenAI's clients read: <c>x-ratelimit-{limit,remaining,reset}-{requests,tokens}</c>.</summary>
internal static class RateLimitHeaders
{
    private static readonly string[] Names = ["requests", "tokens"];

    /// <summary>What a browser must be allowed to see.</summary>
    public static readonly string[] All = [.. Names.SelectMany(name => (string[])[Limit(name), Remaining(name), Reset(name)])];

    public static void Write(IHeaderDictionary headers, KeyMeter meter)
    {
        var (requests, tokens) = meter.Balance();
        Write(headers, Names[0], requests);
        Write(headers, Names[1], tokens);
    }

    /// <summary>A duration as OpenAI writes it, which is as Go does: 120ms, 1s, 6m0s. Rounded up: what is told has passed then.</summary>
    public static string Duration(TimeSpan time)
    {
        var ms = (long)Math.Ceiling(time.TotalMilliseconds);
        if (ms < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{ms}ms");
        }

        var seconds = (ms + 999) / 1000;
        return seconds < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds}s")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m{seconds % 60}s");
    }

    private static string Limit(string name) => "x-ratelimit-limit-" + name;

    private static string Remaining(string name) => "x-ratelimit-remaining-" + name;

    private static string Reset(string name) => "x-ratelimit-reset-" + name;

    private static void Write(IHeaderDictionary headers, string name, KeyBalance? balance)
    {
        if (balance is { } there)
        {
            headers[Limit(name)] = there.Limit.ToString(CultureInfo.InvariantCulture);
            headers[Remaining(name)] = there.Remaining.ToString(CultureInfo.InvariantCulture);
            headers[Reset(name)] = Duration(there.Reset);
        }
    }
}
