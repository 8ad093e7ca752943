using System.Net;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Tls;

namespace Llama4.Server.Serving;

/// <summary>Where the gateway listens, and whom it lets in.</summary>
/// <param name="Bind">Address of this machine.</param>
/// <param name="Port">0 takes a free one.</param>
internal sealed record PublicDoor(IPAddress Bind, int Port)
{
    /// <summary>Null for everybody.</summary>
    public ApiKeys? ApiKeys { get; init; }

    /// <summary>Null for plain HTTP.</summary>
    public PublicTls? Tls { get; init; }

    /// <summary>Origins whose pages may ask from a browser.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    public bool LogsPrompts { get; init; }

    /// <summary>Warns of what may not be meant.</summary>
    public void Check(Action<string> warn)
    {
        if (ApiKeys is null && !IPAddress.IsLoopback(Bind))
        {
            warn($"whoever reaches {Bind} may ask: there are no API keys (see 'llama4 key new' and --api-keys)");
        }

        if (LogsPrompts)
        {
            warn("prompts and answers are written to the log (--log-prompts)");
        }
    }
}
