using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Telemetry.Tests.Metrics;

namespace Llama4.Telemetry.Tests.Health;

/// <summary>What docs/decisions/health.md promises, of real processes.</summary>
public sealed class ProbedClusterTests : IDisposable
{
    private const string AdminKey = "of-a-cluster-that-is-probed";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly OwnCluster _cluster = new(AdminKey);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };

    [Fact]
    public async Task Probes_OfACluster_MeanWhatTheySay()
    {
        Assert.SkipUnless(Machine.HasProgram("redis-server"), "redis-server is not installed");
        _cluster.StartStore();

        // Alone it waits for somebody with experts: that is no fault of its own.
        var (front, frontDoor) = await ServeAsync("front", "engine,attention,vocabulary,gateway", "--port", "0", "--admin-port", "0", "--admin-key", AdminKey);
        var gateway = await OwnCluster.GatewayOfAsync(front);
        (await AskAsync(frontDoor, "live")).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(frontDoor, "started")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await AskAsync(frontDoor, "ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);

        var (experts, expertsDoor) = await ServeAsync("experts", "experts");
        foreach (var door in new[] { frontDoor, expertsDoor })
        {
            await UntilAsync(door, "ready", HttpStatusCode.OK);
            (await AskAsync(door, "started")).ShouldBe(HttpStatusCode.OK);
            (await AskAsync(door, "live")).ShouldBe(HttpStatusCode.OK);
        }

        // A member that the plan gives nothing is ready too.
        var (spare, spareDoor) = await ServeAsync("spare", "engine");
        await UntilAsync(spareDoor, "ready", HttpStatusCode.OK);

        // Drained by an operator a host has no part any more, and is to be stopped; one with a gateway still has that.
        var (_, asideDoor) = await ServeAsync("aside", "engine,gateway", "--port", "0");
        await UntilAsync(asideDoor, "ready", HttpStatusCode.OK);
        await DrainAsync(front, "aside");
        await DrainAsync(front, "spare");
        await UntilAsync(spareDoor, "ready", HttpStatusCode.ServiceUnavailable);
        (await ReasonAsync(spareDoor)).ShouldContain("it is drained");
        (await AskAsync(spareDoor, "live")).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(spareDoor, "started")).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(asideDoor, "ready")).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(frontDoor, "ready")).ShouldBe(HttpStatusCode.OK);

        // Frozen until the others have declared it dead, it is not live any more when it wakes; the others are.
        experts.Signal("STOP");
        var (_, secondDoor) = await ServeAsync("second", "experts");
        await UntilAsync(secondDoor, "ready", HttpStatusCode.OK);
        await UntilDeadAsync("experts", front);
        (await AskAsync(frontDoor, "live")).ShouldBe(HttpStatusCode.OK);
        experts.Signal("CONT");
        await UntilAsync(expertsDoor, "live", HttpStatusCode.ServiceUnavailable);
        using var end = new CancellationTokenSource(OwnCluster.Limit);
        await experts.WaitForExitAsync(end.Token);
        experts.Lines.ShouldContain(line => line.Contains("this host cannot stay in its cluster"));

        // While it drains it is live and not ready. An answer under way holds it up.
        await UntilAsync(frontDoor, "ready", HttpStatusCode.OK);
        using var answer = await LongAnswerAsync(gateway);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[64]);
        front.Signal("TERM");
        await UntilAsync(frontDoor, "ready", HttpStatusCode.ServiceUnavailable);
        (await AskAsync(frontDoor, "live")).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(frontDoor, "started")).ShouldBe(HttpStatusCode.OK);
        spare.HasExited.ShouldBeFalse();
    }

    public void Dispose()
    {
        _http.Dispose();
        _cluster.Dispose();
    }

    private async Task<(OwnProcess Host, Uri Door)> ServeAsync(string name, string roles, params string[] more)
    {
        var host = _cluster.Serve(name, roles, ["--standby", "0", .. more]);
        return (host, await OwnCluster.DoorOfAsync(host));
    }

    private Task<HttpResponseMessage> LongAnswerAsync(Uri gateway)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "v1/chat/completions"))
        {
            Content = JsonContent.Create(new
            {
                model = "scout-nano", messages = new[] { new { role = "user", content = "Tell me a story." } }, max_tokens = 2000, ignore_eos = true, stream = true,
            }),
        };
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<HttpStatusCode?> AskAsync(Uri door, string probe)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(door, $"health/{probe}"));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null; // its process has ended
        }
    }

    private async Task<string> ReasonAsync(Uri door)
    {
        using var answer = await _http.GetAsync(new Uri(door, "health/ready"));
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>As <c>llama4 drain</c> does, by somebody who asks again where the cluster cannot at the moment.</summary>
    private async Task DrainAsync(OwnProcess front, string name)
    {
        using var end = new CancellationTokenSource(OwnCluster.Limit);
        while (true)
        {
            if ((await HostsAsync(front)).SingleOrDefault(host => host.StartsWith($"{name}-", StringComparison.Ordinal)) is { } host)
            {
                using var answer = await ToldAsync(front, HttpMethod.Post, "drain", JsonContent.Create(new { host }));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }

            await Task.Delay(LookEvery, end.Token);
        }
    }

    /// <summary>Membership has declared the host dead, which takes three probes of 2 s.</summary>
    private async Task UntilDeadAsync(string name, OwnProcess front)
    {
        using var end = new CancellationTokenSource(OwnCluster.Limit);
        while ((await HostsAsync(front)) is var hosts && (hosts.Length == 0 || hosts.Any(host => host.StartsWith($"{name}-", StringComparison.Ordinal))))
        {
            await Task.Delay(LookEvery, end.Token);
        }
    }

    /// <returns>Empty where the operators' port has no answer at the moment.</returns>
    private async Task<string[]> HostsAsync(OwnProcess front)
    {
        using var answer = await ToldAsync(front, HttpMethod.Get, "status");
        return answer.IsSuccessStatusCode
            ? [.. (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("hosts").EnumerateArray().Select(host => host.GetProperty("host").GetString()!)]
            : [];
    }

    private async Task<HttpResponseMessage> ToldAsync(OwnProcess front, HttpMethod method, string what, HttpContent? content = null)
    {
        using var request = await _cluster.AskOperatorsAsync(front, method, $"admin/{what}");
        request.Content = content;
        return await _http.SendAsync(request);
    }

    /// <summary>A process that has ended does not say yes either.</summary>
    private async Task UntilAsync(Uri door, string probe, HttpStatusCode wanted)
    {
        using var end = new CancellationTokenSource(OwnCluster.Limit);
        while (await AskAsync(door, probe) is var found && found != wanted && (found is not null || wanted == HttpStatusCode.OK))
        {
            if (end.IsCancellationRequested)
            {
                throw new TimeoutException($"{door}health/{probe} is {found}, not {wanted}:{Environment.NewLine}{_cluster.Said()}");
            }

            await Task.Delay(LookEvery);
        }
    }
}
