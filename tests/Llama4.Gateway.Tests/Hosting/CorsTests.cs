using System.Net;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Hosting;

public class CorsTests
{
    private const string Path = "/v1/chat/completions";
    private const string App = "https://app.example";

    [Fact]
    public async Task Cors_ByDefault_AllowsNobody()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));

        using var preflight = await PreflightAsync(gateway, App);
        preflight.Headers.ShouldNotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        using var asked = await AskAsync(gateway, App);
        asked.Headers.ShouldNotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Cors_OfANamedOrigin_AnswersThePreflightWithoutAKeyAndShowsTheLimits()
    {
        await using var gateway = await StartAsync(App);

        using var preflight = await PreflightAsync(gateway, App);
        preflight.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        Header(preflight, "Access-Control-Allow-Origin").ShouldBe(App);
        Header(preflight, "Access-Control-Allow-Headers").ShouldContain("authorization");
        preflight.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();

        using var refused = await AskAsync(gateway, App); // a page must be able to see why
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        Header(refused, "Access-Control-Allow-Origin").ShouldBe(App);
        Header(refused, "Access-Control-Expose-Headers").ShouldContain("x-ratelimit-remaining-tokens");
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example:8443")]
    [InlineData("null")]
    public async Task Cors_OfAnotherOrigin_AllowsNothing(string origin)
    {
        await using var gateway = await StartAsync(App);
        using var preflight = await PreflightAsync(gateway, origin);
        preflight.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Fact]
    public async Task Cors_OfAnyOrigin_AllowsAll()
    {
        await using var gateway = await StartAsync("*");
        using var preflight = await PreflightAsync(gateway, "https://whoever.example");
        Header(preflight, "Access-Control-Allow-Origin").ShouldBe("*");
    }

    private static Task<TestGateway> StartAsync(string origin) => TestGateway.StartAsync(
        ScriptedClient.Saying("x"),
        options => options with
        {
            CorsOrigins = [origin],
            ApiKeys = ApiKeys.OfText(ApiKeyText.Write(new ApiKey("alice", ApiKey.DigestOf(ApiKey.Fresh()), new KeyLimits())), "keys"),
        });

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    private static Task<HttpResponseMessage> PreflightAsync(TestGateway gateway, string origin) => gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Options, Path)
    {
        Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type" } },
    });

    private static Task<HttpResponseMessage> AskAsync(TestGateway gateway, string origin) => gateway.Http.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, Path) { Headers = { { "Origin", origin } }, Content = new StringContent("{}", null, "application/json") });
}
