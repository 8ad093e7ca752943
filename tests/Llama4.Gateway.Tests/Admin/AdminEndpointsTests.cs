using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Admin;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Admin;

public sealed class AdminEndpointsTests : IAsyncLifetime
{
    private readonly ScriptedAdmin _cluster = new();
    private TestAdmin _admin = null!;

    public async ValueTask InitializeAsync() => _admin = await TestAdmin.StartAsync(_cluster);

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Fact]
    public async Task Status_AsJson_IsTheSameStatusWhenReadBack()
    {
        var text = await _admin.Http.GetStringAsync("/admin/status");

        var read = ClusterStatusJson.Read(text);
        read.ShouldBeEquivalentTo(_cluster.Status);
        read.Plan!.Layers[1].ExpertGroups[0].Standbys.ShouldBe([ScriptedAdmin.Center]);
        read.Plan.Hosts.ShouldBe([ScriptedAdmin.Center, ScriptedAdmin.Worker]);
        var json = Json.Parse(text);
        json.At("hosts.1.roles").EnumerateArray().Select(role => role.GetString()).ShouldBe(["experts", "vocabulary"]);
        json.At("hosts.1.condition").GetString().ShouldBe("suspected");
        json.At("leader").GetString().ShouldBe("center-k3f9");
    }

    [Fact]
    public async Task Status_BeforeTheFirstPlan_HasNone()
    {
        _cluster.Status = _cluster.Status with { Epoch = 0, Plan = null };

        ClusterStatusJson.Read(await _admin.Http.GetStringAsync("/admin/status")).Plan.ShouldBeNull();
    }

    [Fact]
    public async Task Drain_OfAHost_AsksTheClusterAndAnswersWhenDone()
    {
        using var response = await PostAsync("/admin/drain", """{"host":"worker-a1b2"}""");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        _cluster.Asked.ShouldBe(["drain worker-a1b2"]);
    }

    [Fact]
    public async Task Rebalance_WhenDone_TellsTheEpoch()
    {
        using var response = await PostAsync("/admin/rebalance", "");

        Json.Parse(await response.Content.ReadAsStringAsync()).At("epoch").GetInt64().ShouldBe(8);
        _cluster.Asked.ShouldBe(["rebalance"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer another-key-of-some-length")]
    [InlineData("Bearer a-key-of-some-lengt")]
    [InlineData("Basic a-key-of-some-length")]
    public async Task AnyPath_WithoutTheKey_Is401AndAsksNothing(string? header)
    {
        _admin.Http.DefaultRequestHeaders.Authorization = header is null ? null : AuthenticationHeaderValue.Parse(header);

        foreach (var path in (string[])["/admin/status", "/admin/drain", "/admin/rebalance", "/", "/health/live"])
        {
            using var response = await PostAsync(path, """{"host":"worker-a1b2"}""");

            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
            response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
            Json.Parse(await response.Content.ReadAsStringAsync()).At("error.code").GetString().ShouldBe("invalid_api_key");
        }

        _cluster.Asked.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/admin/drain", "{}", HttpStatusCode.BadRequest, "missing_required_parameter")]
    [InlineData("/admin/drain", """{"host":7}""", HttpStatusCode.BadRequest, "invalid_type")]
    [InlineData("/admin/drain", "nonsense", HttpStatusCode.BadRequest, "invalid_json")]
    [InlineData("/admin/status", "{}", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("/admin/reboot", "{}", HttpStatusCode.NotFound, "unknown_url")]
    public async Task Request_ThatIsWrong_HasTheGatewaysErrorForm(string path, string body, HttpStatusCode status, string code)
    {
        using var response = await PostAsync(path, body);

        response.StatusCode.ShouldBe(status);
        Json.Parse(await response.Content.ReadAsStringAsync()).At("error.code").GetString().ShouldBe(code);
        _cluster.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Request_ThatTheClusterRefuses_Is409WithItsReason()
    {
        _cluster.Failure = new ClusterRequestException("there is no host worker-a1b2");

        using var response = await PostAsync("/admin/drain", """{"host":"worker-a1b2"}""");

        response.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        Json.Parse(await response.Content.ReadAsStringAsync()).At("error.message").GetString().ShouldBe("there is no host worker-a1b2");
    }

    [Fact]
    public async Task Request_WhenNoLeaderAnswers_Is503WithRetryAfter()
    {
        _cluster.Failure = new TimeoutException("no leader answers");

        using var response = await _admin.Http.GetAsync("/admin/status");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Request_ThatFails_Is500WithoutItsInsides()
    {
        _cluster.Failure = new InvalidDataException("secret insides");

        using var response = await _admin.Http.GetAsync("/admin/status");

        response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await response.Content.ReadAsStringAsync()).ShouldNotContain("insides");
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) =>
        _admin.Http.PostAsync(path, body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"));
}
