using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Keys;

/// <summary>Who asks, during one request: its name for the log and the engine's fair queue, and what it takes of its key's limits.</summary>
/// <param name="name">The key's; on a gateway without keys a digest of the key that was sent all the same, else the address.</param>
/// <param name="meter">Null without a key.</param>
internal sealed class Caller(string name, KeyMeter? meter)
{
    private long _reserved;

    public string Name => name;

    public static Caller Of(HttpContext http) =>
        http.Features.Get<Caller>() ?? new Caller(
            PresentedKey.In(http.Request) is { } key
                ? "key-" + Convert.ToHexStringLower(ApiKey.DigestOf(key).AsSpan(0, 6))
                : http.Connection.RemoteIpAddress?.ToString() ?? "unknown",
            meter: null);

    /// <inheritdoc cref="KeyMeter.Enter"/>
    public void Enter() => meter?.Enter();

    /// <inheritdoc cref="KeyMeter.Leave"/>
    public void Leave() => meter?.Leave();

    /// <inheritdoc cref="KeyMeter.Reserve"/>
    public void Reserve(long prompt, long answer, string promptParam) => _reserved += meter?.Reserve(prompt, answer, promptParam) ?? 0;

    /// <summary>Ends what was reserved: so many tokens were really used. Once; a second time says nothing.</summary>
    public void Settle(long used)
    {
        if (_reserved > 0)
        {
            meter?.Settle(_reserved, used);
            _reserved = 0;
        }
    }

    /// <summary>What is left, on every answer to a key.</summary>
    public void TellIn(HttpResponse response)
    {
        if (meter is not null)
        {
            response.OnStarting(() =>
            {
                RateLimitHeaders.Write(response.Headers, meter);
                return Task.CompletedTask;
            });
        }
    }

    public override string ToString() => name;
}
