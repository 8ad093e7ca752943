using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>
/// A cluster of two processes of <c>llama4 serve</c> with scout-nano (one with attention, engine, vocabulary and gateway, one with the experts), their Redis, and a Prometheus that scrapes
/// both every second. <see cref="LoadAsync"/> puts it to work. A class fixture of xunit; asks for nothing but <c>redis-server</c> and <c>prometheus</c>.
/// </summary>
public class ScrapedCluster : IAsyncLifetime
{
    private const string AdminKey = "of-a-cluster-that-is-scraped";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly OwnCluster _cluster = new(AdminKey);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>Why there is no such cluster on this machine; null where there is. Tests ask first: <c>Assert.SkipWhen(ScrapedCluster.Missing is not null, ...)</c>.</summary>
    public static string? Missing =>
        new[] { "redis-server", "prometheus" }.FirstOrDefault(program => !Machine.HasProgram(program)) is { } missing ? $"{missing} is not installed" : null;

    /// <summary>Its HTTP interface, like http://127.0.0.1:9090/; exemplars are stored.</summary>
    public Uri Prometheus { get; private set; } = null!;

    /// <summary>The OpenAI-compatible interface, like http://127.0.0.1:8080/.</summary>
    public Uri Gateway { get; private set; } = null!;

    /// <summary>The <c>--health-port</c> of each process: of the one with the gateway, then of the one with the experts. Prometheus scrapes <c>metrics</c> of both.</summary>
    public IReadOnlyList<Uri> Doors { get; private set; } = [];

    /// <summary>In the order of <see cref="Doors"/>.</summary>
    public IReadOnlyList<OwnProcess> Hosts { get; private set; } = [];

    /// <summary>Each process; the first has the gateway.</summary>
    protected virtual IReadOnlyList<(string Name, string Roles, string[] Options)> Members =>
        [("front", "engine,attention,vocabulary,gateway", ["--port", "0", "--admin-port", "0", "--admin-key", AdminKey]), ("experts", "experts", [])];

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return; // the tests say why
        }

        _cluster.StartStore();
        Hosts = [.. Members.Select(member => _cluster.Serve(member.Name, member.Roles, ["--zone", $"zone-{member.Name}", .. member.Options]))];
        Doors = await Task.WhenAll(Hosts.Select(OwnCluster.DoorOfAsync));
        Gateway = await OwnCluster.GatewayOfAsync(Hosts[0]);
        Prometheus = await ScrapeAsync(Doors);
        foreach (var door in Doors)
        {
            await UntilAsync(async () => (await _http.GetAsync(new Uri(door, "health/ready"))).IsSuccessStatusCode, $"{door}health/ready says yes");
        }

        await UntilAsync(async () => (await QueryAsync("sum(up)")) == Doors.Count, "Prometheus has scraped both");
    }

    /// <summary>Asks the gateway so many questions, some at a time; every request says that it is sampled, so there are exemplars. Returns when all are answered.</summary>
    /// <exception cref="HttpRequestException">One was not.</exception>
    public Task LoadAsync(int requests, int atATime = 4, int tokens = 48, CancellationToken cancellation = default) => Parallel.ForEachAsync(
        Enumerable.Range(0, requests),
        new ParallelOptions { MaxDegreeOfParallelism = atATime, CancellationToken = cancellation },
        async (number, end) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Gateway, "v1/chat/completions"))
            {
                Content = JsonContent.Create(new
                {
                    model = "scout-nano",
                    messages = new[] { new { role = "user", content = $"Tell me a story with the number {number % 8} in it." } },
                    max_tokens = tokens,
                    ignore_eos = true,
                    stream = true,
                }),
            };
            request.Headers.Add("traceparent", $"00-{Guid.NewGuid():N}-{Guid.NewGuid().ToString("N")[..16]}-01");
            using var response = await _http.SendAsync(request, end);
            response.EnsureSuccessStatusCode();
        });

    /// <summary>Has the cluster plan anew, for which its engines stand still a moment; returns when that plan is in force.</summary>
    public async Task RebalanceAsync()
    {
        await UntilAsync(
            async () =>
            {
                // On a machine with much else to do the hosts may just not hear each other: it is asked again.
                using var request = await _cluster.AskOperatorsAsync(Hosts[0], HttpMethod.Post, "admin/rebalance");
                using var answer = await _http.SendAsync(request);
                return answer.IsSuccessStatusCode;
            },
            "the cluster has another plan");
    }

    /// <summary>The value of a query now, if it gives exactly one; NaN for none.</summary>
    public async Task<double> QueryAsync(string query)
    {
        var results = (await AskAsync("api/v1/query", query)).GetProperty("result");
        return results.GetArrayLength() == 0 ? double.NaN : double.Parse(results.EnumerateArray().Single().GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The <c>data</c> of Prometheus' answer at a path like api/v1/query.</summary>
    /// <exception cref="InvalidOperationException">It refuses the query; with what it says.</exception>
    public async Task<JsonElement> AskAsync(string path, string query, string more = "")
    {
        using var response = await _http.GetAsync(new Uri(Prometheus, $"{path}?query={Uri.EscapeDataString(query)}{more}"));
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("status").GetString() == "success" ? answer.GetProperty("data") : throw new InvalidOperationException($"{query}: {answer}");
    }

    /// <summary>Waits until something holds.</summary>
    /// <exception cref="TimeoutException">It does not in time; with what the processes said.</exception>
    /// <param name="found">What there was instead; null for nothing to say.</param>
    public async Task UntilAsync(Func<Task<bool>> holds, string what, Func<Task<string>>? found = null)
    {
        using var end = new CancellationTokenSource(OwnCluster.Limit);
        while (!await HoldsAsync(holds))
        {
            if (end.IsCancellationRequested)
            {
                throw new TimeoutException($"not within {OwnCluster.Limit.TotalMinutes} minutes: {what}{(found is null ? "" : $", found {await found()}")}{Environment.NewLine}{_cluster.Said()}");
            }

            await Task.Delay(LookEvery);
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _http.Dispose();
        _cluster.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Uri> ScrapeAsync(IEnumerable<Uri> doors)
    {
        var config = Path.Combine(_cluster.Folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(config, new StringBuilder()
            .AppendLine("global: {scrape_interval: 1s, scrape_timeout: 1s}")
            .AppendLine("scrape_configs:")
            .AppendLine("- job_name: llama4")
            .AppendLine($"  static_configs: [{{targets: [{string.Join(", ", doors.Select(door => $"'{door.Authority}'"))}]}}]")
            .AppendLine("  metric_relabel_configs: [{source_labels: [__name__], regex: '.*_created', action: drop}]") // docs/decisions/metrics.md
            .ToString());
        var address = $"127.0.0.1:{Machine.FreePort()}";
        _cluster.Start("prometheus", "prometheus",
        [
            $"--config.file={config}", $"--storage.tsdb.path={Path.Combine(_cluster.Folder.FullName, "prometheus")}", $"--web.listen-address={address}",
            "--enable-feature=exemplar-storage", "--log.level=warn",
        ]);
        return new Uri($"http://{address}/");
    }

    /// <summary>Who is not there yet says nothing.</summary>
    private static async Task<bool> HoldsAsync(Func<Task<bool>> holds)
    {
        try
        {
            return await holds();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
