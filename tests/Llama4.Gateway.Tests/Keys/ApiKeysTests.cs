using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Llama4.Contracts;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Tests.Live;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Tests.Keys;

public sealed partial class ApiKeysTests : IDisposable
{
    private const string Path = "/v1/chat/completions";
    private const string Body = """{"model":"scout-nano","messages":[{"role":"user","content":"Hi"}],"max_tokens":100}""";

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    private readonly string _file = System.IO.Path.Combine(Directory.CreateTempSubdirectory("llama4-keys").FullName, "keys.jsonl");
    private readonly string _alice = ApiKey.Fresh();
    private readonly string _bob = ApiKey.Fresh();

    public void Dispose() => Directory.Delete(System.IO.Path.GetDirectoryName(_file)!, recursive: true);

    [Theory]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/v1/models/scout-nano")]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/completions")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/there/is/nothing")]
    [InlineData("OPTIONS", "/v1/chat/completions")]
    public async Task Path_WithoutAKey_Is401(string method, string path)
    {
        await using var gateway = await StartAsync(new KeyLimits());

        using var response = await gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
        var error = Json.Parse(await response.Content.ReadAsStringAsync()).At("error");
        error.At("code").GetString().ShouldBe("invalid_api_key");
        error.At("type").GetString().ShouldBe("invalid_request_error");
    }

    /// <summary>Every mapped route is asked without a key, so that one that is added later is either guarded or told of.</summary>
    [Fact]
    public async Task Paths_ThatAskForNoKey_AreThoseThatTheDocumentsName()
    {
        await using var gateway = await StartAsync(new KeyLimits(), watch: new ScriptedWatch());
        var routes = gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(route => $"/{route.RoutePattern.RawText!.TrimStart('/')}").Distinct().ToArray();
        routes.ShouldContain("/console/live");

        var open = new List<string>();
        foreach (var route in routes)
        {
            using var response = await gateway.Http.GetAsync(Parameter().Replace(route, "x"));
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                open.Add(route);
            }
        }

        open.Order(StringComparer.Ordinal).ShouldBe(
        [
            "/", "/console/{**file}", "/health", "/health/live", "/health/ready", "/openapi/{documentName}.json", "/ping",
            "/scalar/favicon.svg", "/scalar/scalar.aspnetcore.js", "/scalar/scalar.js", "/scalar/{documentName?}",
        ]);
        foreach (var (document, line) in new[] { ("README.md", "Without keys everybody"), ("docs/decisions/keys.md", "**What is open.**") })
        {
            var told = File.ReadLines(System.IO.Path.Combine(Golden.Checkout, document)).SkipWhile(one => !one.StartsWith(line)).TakeWhile(one => one.Length > 0);
            Name().Matches(string.Join(' ', told)).Select(name => name.Groups[1].Value).ShouldBe(
                ["/", "/console/*", "/console/live", "/health", "/health/*", "/ping", "/openapi/v1.json", "/scalar"], document);
        }
    }

    [Fact]
    public async Task Key_InEitherHeader_LetsInUnderItsName()
    {
        var cluster = ScriptedClient.Saying("Hello.");
        await using var gateway = await StartAsync(new KeyLimits(), cluster);

        foreach (var (header, value) in new[] { ("Authorization", $"Bearer {_alice}"), ("authorization", $"bearer  {_alice} "), ("x-api-key", _alice) })
        {
            (await AskAsync(gateway, header, value)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await cluster.NextAsync()).Request.Caller.ShouldBe("alice");
        }
    }

    [Theory]
    [InlineData("Authorization", "Bearer ALICEx")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Basic ALICE")]
    [InlineData("Authorization", "ALICE")]
    [InlineData("x-api-key", "alice")]
    [InlineData("x-api-key", "0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Key_ThatIsNone_Is401(string header, string value)
    {
        await using var gateway = await StartAsync(new KeyLimits());
        (await AskAsync(gateway, header, value.Replace("ALICE", _alice))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Key_AsShortAsAPassword_IsRefusedThoughItsHashIsInTheFile()
    {
        const string Password = "correct horse battery staple";
        File.WriteAllText(_file, ApiKeyText.Write(new ApiKey("alice", ApiKey.DigestOf(Password), new KeyLimits())));
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"), options => options with { ApiKeys = ApiKeys.OfFile(_file) });

        var response = await AskAsync(gateway, "Authorization", $"Bearer {Password}");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await response.Content.ReadAsStringAsync()).ShouldContain("at least 32 characters");
    }

    [Fact]
    public async Task Limits_AreToldInEveryAnswer()
    {
        await using var gateway = await StartAsync(new KeyLimits(RequestsPerMinute: 6, TokensPerMinute: 6000), clock: new SetClock());

        var whole = await AskAsync(gateway, "Authorization", $"Bearer {_alice}");
        Told(whole).ShouldBe(["6", "5", "10s", "6000"]);
        var models = await gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _alice) } });
        Told(models).ShouldBe(["6", "5", "10s", "6000"]); // takes none
        var wrong = await AskAsync(gateway, "Authorization", $"Bearer {_alice}", "{}");
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Told(wrong).ShouldBe(["6", "4", "20s", "6000"]);

        static string[] Told(HttpResponseMessage response) =>
            [Header(response, "limit-requests"), Header(response, "remaining-requests"), Header(response, "reset-requests"), Header(response, "limit-tokens")];
    }

    [Fact]
    public async Task Tokens_AreReservedWhileTheAnswerRunsAndSettledWhenItHasEnded()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await StartAsync(new KeyLimits(TokensPerMinute: 250), cluster, new SetClock());
        var stream = Body.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");

        var first = AskAsync(gateway, "x-api-key", _alice, stream, HttpCompletionOption.ResponseHeadersRead);
        var one = await cluster.NextAsync();
        var second = AskAsync(gateway, "x-api-key", _alice, stream, HttpCompletionOption.ResponseHeadersRead);
        var two = await cluster.NextAsync();
        var prompt = one.Request.Prompt.Length;
        var refused = await AskAsync(gateway, "x-api-key", _alice, stream);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
        Header(refused, "remaining-tokens").ShouldBe($"{250 - (2 * (prompt + 100))}");

        foreach (var (answer, response) in new[] { (one, first), (two, second) })
        {
            answer.Token(100, Llama4.Contracts.FinishReason.Stop);
            await (await response).Content.ReadAsStringAsync();
        }

        // The last byte may reach the client before the gateway has settled.
        string Remaining() => Header(AskAsync(gateway, "x-api-key", _alice, "{}").GetAwaiter().GetResult(), "remaining-tokens");
        SpinWait.SpinUntil(() => Remaining() == $"{250 - (2 * (prompt + 1))}", Hang).ShouldBeTrue(Remaining());
    }

    [Fact]
    public async Task Concurrent_BeyondTheKeysLimit_Is429AndAnotherKeyIsNotHeld()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await StartAsync(new KeyLimits(Concurrent: 1), cluster);
        var running = AskAsync(gateway, "x-api-key", _alice);
        var answer = await cluster.NextAsync();

        var refused = await AskAsync(gateway, "x-api-key", _alice);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        Json.Parse(await refused.Content.ReadAsStringAsync()).At("error.code").GetString().ShouldBe("rate_limit_exceeded");
        var other = AskAsync(gateway, "x-api-key", _bob);
        (await cluster.NextAsync()).Token(ScoutNano.Eot, Llama4.Contracts.FinishReason.Stop);
        (await other).StatusCode.ShouldBe(HttpStatusCode.OK);

        answer.Token(ScoutNano.Eot, Llama4.Contracts.FinishReason.Stop);
        (await running).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"model":"scout-nano","prompt":[1,2,3],"max_tokens":100,"n":2,"stream":true}""", 3, 200)]
    [InlineData("""{"model":"scout-nano","prompt":[[1,2,3],[4]],"max_tokens":100,"n":2,"stream":true}""", 4, 400)]
    [InlineData("""{"model":"scout-nano","prompt":[1,2,3],"stream":true}""", 3, 16)]
    [InlineData("""{"model":"scout-nano","prompt":[1,2,3],"max_tokens":4000,"stream":true}""", 3, 997)]
    public async Task Reservation_HasEachPromptOnceAndEachAnswer(string body, int prompt, int answers)
    {
        await using var gateway = await StartAsync(new KeyLimits(TokensPerMinute: 1000), ScriptedClient.Silent(), new SetClock());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent(body, null, "application/json"), Headers = { { "x-api-key", _alice } },
        };

        // Text completions send nothing before the first token: another answer's headers tell.
        using var gone = new CancellationTokenSource();
        var running = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
        SpinWait.SpinUntil(() => Remaining() == $"{1000 - prompt - answers}", Hang).ShouldBeTrue(Remaining());

        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
        SpinWait.SpinUntil(() => Remaining() == $"{1000 - prompt}", Hang).ShouldBeTrue(Remaining()); // who goes away before a token pays for the prompt alone

        string Remaining() => Header(AskAsync(gateway, "x-api-key", _alice, "{}").GetAwaiter().GetResult(), "remaining-tokens");
    }

    [Fact]
    public async Task Answer_WithoutALengthGiven_ReservesAnEstimate()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await StartAsync(new KeyLimits(TokensPerMinute: 1000), cluster, new SetClock());
        var stream = Body.Replace("\"max_tokens\":100", "\"stream\":true");

        using var response = AskAsync(gateway, "x-api-key", _alice, stream, HttpCompletionOption.ResponseHeadersRead);
        var answer = await cluster.NextAsync();

        answer.Token(100);
        Header(await response, "remaining-tokens").ShouldBe($"{1000 - answer.Request.Prompt.Length - new GatewayLimits().AnswerTokensEstimate}");
        answer.Token(ScoutNano.Eot, Llama4.Contracts.FinishReason.Stop);
    }

    [Fact]
    public async Task File_ThatChanges_IsTakenUpAndOneThatBreaksIsNot()
    {
        await using var gateway = await StartAsync(new KeyLimits(RequestsPerMinute: 100));
        (await StatusAsync(_alice)).ShouldBe(HttpStatusCode.OK);

        File.WriteAllText(_file, "{\"name\":\"alice\"");
        await LogsAsync("stay as they were, 2 of them");
        (await StatusAsync(_alice)).ShouldBe(HttpStatusCode.OK);

        File.Delete(_file);
        await LogsAsync("expected a file of API keys");
        (await StatusAsync(_alice)).ShouldBe(HttpStatusCode.OK);

        File.WriteAllText(_file, ApiKeyText.Write(new ApiKey("bob", ApiKey.DigestOf(_bob), new KeyLimits())));
        await LogsAsync("have changed: 1 are in force");
        (await StatusAsync(_alice)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(_bob)).ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> StatusAsync(string key) => (await AskAsync(gateway, "x-api-key", key)).StatusCode;

        async Task LogsAsync(string text)
        {
            using var deadline = new CancellationTokenSource(Hang);
            while (!gateway.Logs.Lines.Any(line => line.Contains(text)))
            {
                await Task.Delay(20, deadline.Token);
            }
        }
    }

    [Fact]
    public void Ring_WithTheSameKeyAgain_KeepsWhatItHasUsedUnlessItsLimitsChange()
    {
        var clock = new SetClock();
        File.WriteAllText(_file, Line("alice", _alice, new KeyLimits(Concurrent: 1)));
        var ring = new KeyRing(ScoutNano.Options with { ApiKeys = ApiKeys.OfFile(_file), Clock = clock });
        ring.Find(_alice)!.Enter();

        ring.Replace([new ApiKey("alicia", ApiKey.DigestOf(_alice), new KeyLimits(Concurrent: 1))]);
        Should.Throw<Llama4.Gateway.Requests.ApiError>(() => ring.Find(_alice)!.Enter());
        ring.Find(_alice)!.Name.ShouldBe("alicia");

        ring.Replace([new ApiKey("alicia", ApiKey.DigestOf(_alice), new KeyLimits(Concurrent: 2))]);
        ring.Find(_alice)!.Enter();
    }

    private async Task<TestGateway> StartAsync(KeyLimits ofAlice, ScriptedClient? cluster = null, TimeProvider? clock = null, IClusterWatch? watch = null)
    {
        File.WriteAllText(_file, Line("alice", _alice, ofAlice) + "\n" + Line("bob", _bob, new KeyLimits()) + "\n");
        return await TestGateway.StartAsync(
            cluster ?? ScriptedClient.Saying("Hello."),
            options => options with { ApiKeys = ApiKeys.OfFile(_file), Clock = clock ?? options.Clock },
            watch);
    }

    private static string Line(string name, string key, KeyLimits limits) => ApiKeyText.Write(new ApiKey(name, ApiKey.DigestOf(key), limits));

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues("x-ratelimit-" + name).Single();

    private static Task<HttpResponseMessage> AskAsync(
        TestGateway gateway, string header, string value, string body = Body, HttpCompletionOption until = HttpCompletionOption.ResponseContentRead)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body, null, "application/json") };
        request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
        return gateway.Http.SendAsync(request, until);
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex("`(/[^`]*)`")]
    private static partial Regex Name();
}
