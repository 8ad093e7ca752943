using System.Net.Http.Headers;
using Llama4.Gateway.Keys;
using Llama4.GatewayLoad.Clients;

namespace Llama4.Server.Tests.Load;

/// <summary>The load test of loadtests/Llama4.GatewayLoad, small: what it measures is not asked here, only what must hold on any machine.</summary>
public sealed class GatewayLoadTests
{
    private const int Clients = 64;

    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Serve_WithManyClientsSomeSlowOrVanishing_FailsNobodyServesEachAndKeepsNothing()
    {
        string[] keys = [.. Enumerable.Range(0, Clients).Select(_ => ApiKey.Fresh())];
        using var folder = new TestFolder();
        var file = folder.Write("keys.jsonl", string.Join('\n', keys.Select((key, i) => ApiKeyText.Write(new ApiKey($"client-{i}", ApiKey.DigestOf(key), new KeyLimits())))));
        await using var served = await ServedProcess.StartAsync("--api-keys", file);

        var figures = new LoadFigures(await LoadRun.RunAsync(new Uri(served.Address), keys, TimeSpan.FromSeconds(4)).WaitAsync(Hang));

        figures.Faults.ShouldBeEmpty();
        figures.Left.ShouldBeGreaterThan(0); // or nobody was slow, and the test is not what it says
        figures.Served[0].ShouldBeGreaterThan(0); // every steady client has its answers
        using var http = new HttpClient { BaseAddress = new Uri(served.Address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys[0]);
        using var deadline = new CancellationTokenSource(Hang);
        while (await HeldAsync(http) is { Length: > 0 })
        {
            await Task.Delay(50, deadline.Token); // what clients left behind is freed within a step
        }

        (await served.StopAsync()).ShouldNotContain(" fail: ");
    }

    private static async Task<string[]> HeldAsync(HttpClient http) => [.. (await http.GetStringAsync("/metrics")).Split('\n')
        .Where(line => line.StartsWith("llama4_requests_running") || line.StartsWith("llama4_sequences") || line.StartsWith("llama4_kv_blocks_used"))
        .Where(line => !line.EndsWith(" 0"))];
}
