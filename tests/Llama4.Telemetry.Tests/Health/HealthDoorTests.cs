using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Gateway;
using Llama4.Gateway.Hosting;

namespace Llama4.Telemetry.Tests.Health;

public sealed class HealthDoorTests
{
    [Fact]
    public async Task Probes_TellWhatTheStateSays()
    {
        await using var door = await HealthDoor.OpenAsync(IPAddress.Loopback, 0, HealthState.Starting("it loads"), _ => { });
        using var http = new HttpClient { BaseAddress = door.Address };

        (await AskAsync(http, "live")).ShouldBe((HttpStatusCode.OK, "live", null));
        (await AskAsync(http, "started")).ShouldBe((HttpStatusCode.ServiceUnavailable, "not started", "it loads"));
        (await AskAsync(http, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "not ready", "it loads"));
        door.State = new HealthState(() => null, () => null, () => null);
        (await AskAsync(http, "started")).ShouldBe((HttpStatusCode.OK, "started", null));
        (await AskAsync(http, "ready")).ShouldBe((HttpStatusCode.OK, "ready", null));
        door.State = door.State with { Live = () => "the others declared it dead" };
        (await AskAsync(http, "live")).ShouldBe((HttpStatusCode.ServiceUnavailable, "not live", "the others declared it dead"));
    }

    [Fact]
    public async Task Probes_OfWhatLoadsNothing_SayStartedWhileItWaits()
    {
        await using var door = await HealthDoor.OpenAsync(IPAddress.Loopback, 0, HealthState.Waiting("it waits for hosts"), _ => { });
        using var http = new HttpClient { BaseAddress = door.Address };

        (await AskAsync(http, "live")).ShouldBe((HttpStatusCode.OK, "live", null));
        (await AskAsync(http, "started")).ShouldBe((HttpStatusCode.OK, "started", null));
        (await AskAsync(http, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "not ready", "it waits for hosts"));
    }

    [Fact]
    public async Task Door_WithTheWrongMethodOrPath_IsAnError()
    {
        await using var door = await HealthDoor.OpenAsync(IPAddress.Loopback, 0, HealthState.Starting("it loads"), _ => { });
        using var http = new HttpClient { BaseAddress = door.Address };

        (await http.PostAsync("health/live", null)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await http.PostAsync("metrics", null)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await http.GetAsync("v1/models")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.GetAsync("metrics")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Open_WhereThePortIsTaken_SaysSo()
    {
        await using var door = await HealthDoor.OpenAsync(IPAddress.Loopback, 0, HealthState.Starting("it loads"), _ => { });

        var error = await Should.ThrowAsync<ListenException>(() => HealthDoor.OpenAsync(IPAddress.Loopback, door.Address.Port, door.State, _ => { }));

        error.Message.ShouldContain($"{door.Address.Port}");
    }

    private static async Task<(HttpStatusCode Code, string Status, string? Reason)> AskAsync(HttpClient http, string probe)
    {
        using var answer = await http.GetAsync($"health/{probe}");
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (answer.StatusCode, body.GetProperty("status").GetString()!, body.TryGetProperty("reason", out var reason) ? reason.GetString() : null);
    }
}
