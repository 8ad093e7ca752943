namespace Llama4.GatewayLoad.Clients;

/// <summary>Many clients at once, a fifth of them slow or vanishing.</summary>
internal static class LoadRun
{
    /// <param name="keys">One for each client.</param>
    public static async Task<IReadOnlyList<LoadClient>> RunAsync(Uri server, IReadOnlyList<string> keys, TimeSpan time)
    {
        LoadClient[] clients = [.. keys.Select((key, number) => new LoadClient(server, key, KindOf(number), number))];
        using var over = new CancellationTokenSource(time);
        await Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(over.Token))));
        return clients;
    }

    private static ClientKind KindOf(int number) => (number % 10) switch
    {
        3 => ClientKind.Slow,
        7 => ClientKind.Vanishing,
        _ => ClientKind.Steady,
    };
}
