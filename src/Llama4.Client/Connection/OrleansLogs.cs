using Microsoft.Extensions.Logging;

namespace Llama4.Client.Connection;

/// <summary>What the runtime says of hosts that come and go, several lines a second while one is away: the host's agent tells it once, by the host's name.</summary>
internal static class OrleansLogs
{
    private static readonly string[] OfHostsThatAreAway =
    [
        "Orleans.Messaging", "Orleans.Runtime.Messaging", "Orleans.Runtime.CallbackData", "Orleans.Runtime.MembershipService", "Orleans.Runtime.OutsideRuntimeClient",
        "Orleans.Runtime.ClientObservers", "Orleans.Runtime.GrainDirectory",
    ];

    public static ILoggingBuilder QuietOrleans(this ILoggingBuilder logging)
    {
        // Calls to a host that has just left are tried again a few times, each with a warning; who made one is told in the end.
        logging.AddFilter("Polly", LogLevel.None);
        foreach (var category in OfHostsThatAreAway)
            logging.AddFilter(category, LogLevel.Critical);
        return logging;
    }
}
