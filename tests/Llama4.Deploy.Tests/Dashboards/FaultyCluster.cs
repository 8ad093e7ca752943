using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Telemetry.Tests.Metrics;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>
/// Two hosts that may have the engine and two that have the experts, one of them with the gateway, under load to its end, and under more of it until the host with the engine is killed.
/// What Prometheus knows then is what the dashboards are tried on. Were one host allowed everything, it could have everything: after a host was suspected for a moment, say. Panels of links would be empty.
/// </summary>
public sealed class FaultyCluster : ScrapedCluster, IAsyncLifetime
{
    private const string NoExperts = "engine,attention,vocabulary";

    /// <summary>In three scrapes in a row it had answers and made steps; an engine that has just been given up says for a moment that it still has some.</summary>
    private const string EngineAtWork =
        "min_over_time(llama4_sequences_running[5s]) >= 8 and count_over_time(llama4_sequences_running[5s]) >= 3 and on (instance) rate(llama4_step_duration_seconds_count[5s]) > 0";

    protected override IReadOnlyList<(string Name, string Roles, string[] Options)> Members =>
        [("front", "gateway,experts", ["--port", "0"]), ("one", NoExperts, []), ("two", NoExperts, []), ("experts", "experts", [])];

    private readonly CancellationTokenSource _isOver = new();
    private Task _load = Task.CompletedTask;

    /// <summary>The address (host:port) at which each host is scraped: of those that live on, and of the one that was killed.</summary>
    public IReadOnlyList<string> HostAddresses { get; private set; } = [];

    /// <summary>A layer with experts.</summary>
    public string Layer { get; private set; } = "";

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        if (Missing is not null)
            return;

        using (var http = new HttpClient())
        using (var refused = await http.PostAsJsonAsync(new Uri(Gateway, "v1/chat/completions"), new { model = "of-another-house" }))
            refused.IsSuccessStatusCode.ShouldBeFalse();
        _load = LoadUntilAsync(atATime: 2, tokens: 48, _isOver.Token);
        Layer = (await FirstAsync("max by (layer) (llama4_expert_rows_total)")).GetProperty("layer").GetString()!;
        using var isKilled = new CancellationTokenSource();
        var answers = LoadUntilAsync(atATime: 12, tokens: 400, isKilled.Token);
        var engine = (await FirstAsync(EngineAtWork)).GetProperty("instance").GetString()!;
        var killed = Doors.ToList().FindIndex(door => door.Authority == engine);
        HostAddresses = [.. Doors.Select(door => door.Authority).Where(address => address != engine), engine];
        Hosts[killed].Signal("KILL");
        await isKilled.CancelAsync();
        await answers;
        await UntilAsync(async () => await QueryAsync("sum(up)") == Doors.Count - 1, "the killed host is missed");
    }

    /// <exception cref="HttpRequestException">An answer was lost.</exception>
    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await _isOver.CancelAsync();
        try
        {
            await _load;
        }
        finally
        {
            _isOver.Dispose();
            await DisposeAsync();
        }
    }

    /// <summary>So many answers at a time until it is over, to the last one's end.</summary>
    private Task LoadUntilAsync(int atATime, int tokens, CancellationToken isOver) => Task.WhenAll(Enumerable.Range(0, atATime).Select(async _ =>
    {
        do
            await LoadAsync(requests: 1, tokens: tokens, cancellation: CancellationToken.None);
        while (!isOver.IsCancellationRequested);
    }));

    /// <summary>Labels of each series that a query gives now.</summary>
    public async Task<List<JsonElement>> SeriesAsync(string query) =>
        [.. (await AskAsync("api/v1/query", query)).GetProperty("result").EnumerateArray().Select(series => series.GetProperty("metric"))];

    /// <summary>Labels of the first series that a query gives; waits for one.</summary>
    private async Task<JsonElement> FirstAsync(string query)
    {
        List<JsonElement> found = [];
        await UntilAsync(async () => (found = await SeriesAsync(query)).Count > 0, $"{query} gives something");
        return found[0];
    }
}
