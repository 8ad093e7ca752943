using System.Diagnostics;
using System.Text.Json;

namespace Llama4.GatewayLoad.Clients;

internal enum ClientKind
{
    /// <summary>Reads as fast as tokens come.</summary>
    Steady,

    /// <summary>Reads 512 bytes five times a second of answers of some megabytes.</summary>
    Slow,

    /// <summary>Goes away within a second and a half, often before the first token.</summary>
    Vanishing,
}

/// <summary>One client: asks, again and again until the time is over, and keeps book.</summary>
internal sealed class LoadClient(Uri server, string key, ClientKind kind, int number)
{
    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(1); // what the server's Retry-After says

    private readonly Random _random = new(number);

    public ClientKind Kind => kind;

    public List<Exchange> Exchanges { get; } = [];

    /// <summary>Asks until the time is over, and reads its last answer to the end; who is slow then reads no further.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var exchange = await SseExchange.RunAsync(server, key, Body(), kind == ClientKind.Slow ? 512 : 16 << 10, GoesOn(over));
            Exchanges.Add(exchange);
            if (exchange.IsRefused)
            {
                await Task.Delay(RefusedPause);
            }
        }
    }

    private Func<Task<bool>> GoesOn(CancellationToken over)
    {
        switch (kind)
        {
            case ClientKind.Steady:
                var yes = Task.FromResult(true);
                return () => yes;
            case ClientKind.Slow:
                return async () =>
                {
                    await Task.Delay(SlowPause);
                    return !over.IsCancellationRequested;
                };
            default:
                var patience = TimeSpan.FromSeconds(1.5 * _random.NextDouble());
                var watch = Stopwatch.StartNew();
                var isFirst = true;
                return async () =>
                {
                    if (isFirst && _random.Next(2) == 0)
                    {
                        await Task.Delay(patience); // reads nothing at all
                    }

                    isFirst = false;
                    return watch.Elapsed < patience;
                };
        }
    }

    private byte[] Body()
    {
        var request = new Dictionary<string, object>
        {
            ["model"] = "scout-nano",
            ["messages"] = new[] { new { role = "user", content = $"Tell me story number {_random.Next(1000)} of {number}." } },
            ["max_tokens"] = kind == ClientKind.Slow ? 1000 : _random.Next(16, 97),
            ["temperature"] = 0.7,
            ["ignore_eos"] = true,
            ["stream"] = true,
        };
        if (kind == ClientKind.Slow)
        {
            request["logprobs"] = true; // two kilobytes a token: what the server may not keep for who does not read
            request["top_logprobs"] = 20;
        }

        return JsonSerializer.SerializeToUtf8Bytes(request);
    }
}
