namespace Llama4.GatewayLoad.Clients;

/// <summary>What many clients saw.</summary>
internal sealed class LoadFigures(IReadOnlyList<LoadClient> clients)
{
    private readonly List<LoadClient> _steady = [.. clients.Where(client => client.Kind == ClientKind.Steady)];

    public int Requests => clients.Sum(client => client.Exchanges.Count);

    public int Whole => clients.Sum(client => client.Exchanges.Count(exchange => exchange.IsWhole));

    public int Left => clients.Sum(client => client.Exchanges.Count(exchange => exchange.HasLeft));

    public int Refused => clients.Sum(client => client.Exchanges.Count(exchange => exchange.IsRefused));

    public long Tokens => clients.Sum(client => client.Exchanges.Sum(exchange => (long)exchange.Tokens));

    /// <summary>Everything else than whole answers, refusals with 429 or 503, and clients that left: there must be none.</summary>
    public IReadOnlyList<string> Faults =>
        [.. clients.SelectMany(client => client.Exchanges).Where(exchange => exchange.Fault is not null).GroupBy(exchange => exchange.Fault!).Select(fault => $"{fault.Count()} x {fault.Key}")];

    /// <summary>Seconds to the first token, of steady clients, in order.</summary>
    public IReadOnlyList<double> Waits { get; } =
        [.. clients.Where(client => client.Kind == ClientKind.Steady).SelectMany(client => client.Exchanges).Where(exchange => exchange.Wait is not null).Select(exchange => exchange.Wait!.Value.TotalSeconds).Order()];

    /// <summary>Whole answers of each steady client, in order.</summary>
    public IReadOnlyList<int> Served => [.. _steady.Select(client => client.Exchanges.Count(exchange => exchange.IsWhole)).Order()];

    /// <summary>Tokens of each steady client, in order.</summary>
    public IReadOnlyList<long> ServedTokens => [.. _steady.Select(client => client.Exchanges.Sum(exchange => (long)exchange.Tokens)).Order()];

    /// <summary>Of tokens of steady clients: 1 for all the same, 1/n for one who has all (Jain, Chiu and Hawe, 1984).</summary>
    public double Jain
    {
        get
        {
            var sum = ServedTokens.Sum(tokens => (double)tokens);
            var squares = ServedTokens.Sum(tokens => (double)tokens * tokens);
            return squares == 0 ? 0 : sum * sum / (ServedTokens.Count * squares);
        }
    }

    /// <param name="share">0.5 for the median.</param>
    public double Wait(double share) => Waits.Count == 0 ? double.NaN : Waits[(int)Math.Min(Waits.Count - 1, share * Waits.Count)];
}
