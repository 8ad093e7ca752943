using System.Net;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Console.Tests;

public sealed class ConsoleFilesTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Yes."));

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("*/*", "application/json")] // curl
    [InlineData("", "application/json")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json, text/html;q=0.5", "application/json")]
    [InlineData("text/html;q=0, */*", "application/json")]
    [InlineData("nonsense", "application/json")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "text/html")] // browsers
    [InlineData("text/html", "text/html")]
    public async Task Root_AnswersWhatIsPreferred(string accept, string type)
    {
        using var response = await GetAsync("/", ("Accept", accept));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        response.Headers.Vary.ShouldContain("Accept");
    }

    [Fact]
    public async Task Page_ForbidsAllThatIsNotOurs()
    {
        using var response = await GetAsync("/", ("Accept", "text/html"));
        var policy = string.Join("; ", response.Headers.GetValues("Content-Security-Policy"));
        policy.ShouldStartWith("default-src 'none'; script-src 'self'; style-src 'self';");
        policy.ShouldNotContain("unsafe");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        var page = await response.Content.ReadAsStringAsync();
        page.ShouldNotContain("<script>");
        page.ShouldNotContain(" style=");
        page.ShouldNotContain(" onclick");
        page.ShouldNotContain("://");
    }

    [Fact]
    public async Task Files_ThatThePageAndItsScriptsName_AreThere()
    {
        using var page = await GetAsync("/", ("Accept", "text/html"));
        var named = System.Text.RegularExpressions.Regex.Matches(await page.Content.ReadAsStringAsync(), "(?:href|src)=\"(/console/[^\"]+)\"").Select(match => match.Groups[1].Value).ToList();
        named.Count.ShouldBeGreaterThan(4);
        for (var i = 0; i < named.Count; i++)
        {
            using var file = await GetAsync(named[i]);
            file.StatusCode.ShouldBe(HttpStatusCode.OK, named[i]);
            var text = await file.Content.ReadAsStringAsync();
            text.ShouldNotContain("innerHTML");
            var imports = System.Text.RegularExpressions.Regex.Matches(text, "from '\\./([^']+)'").Select(match => $"/console/{match.Groups[1].Value}");
            named.AddRange(imports.Except(named).ToList());
        }

        named.Count.ShouldBeGreaterThan(20);
    }

    /// <summary>It stands twice: a media query and a selector can't share a block, and light-dark() would reach the canvas unresolved.</summary>
    [Fact]
    public async Task DarkTheme_OfTheSystem_IsTheOneThatIsChosen()
    {
        using var file = await GetAsync("/console/base.css");
        var blocks = System.Text.RegularExpressions.Regex.Matches(await file.Content.ReadAsStringAsync(), "\\{([^{}]*color-scheme: dark;[^{}]*)\\}")
            .Select(match => match.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();

        blocks.Count.ShouldBe(2);
        blocks[0].Length.ShouldBeGreaterThan(5);
        blocks[1].ShouldBe(blocks[0]);
    }

    [Fact]
    public async Task File_ThatIsKnown_IsNotSentAgain()
    {
        using var first = await GetAsync("/console/main.js");
        first.Content.Headers.ContentType!.ToString().ShouldBe("text/javascript; charset=utf-8");
        first.Headers.CacheControl!.NoCache.ShouldBeTrue();
        var tag = first.Headers.ETag!.ToString();
        using var second = await GetAsync("/console/main.js", ("If-None-Match", $"\"other\", {tag}"));
        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        second.Headers.ETag!.ToString().ShouldBe(tag);
        using var changed = await GetAsync("/console/main.js", ("If-None-Match", "\"other\""));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("GET", "/console/nothing.js", HttpStatusCode.NotFound)]
    [InlineData("GET", "/console/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/console/..%2f..%2fappsettings.json", HttpStatusCode.NotFound)]
    [InlineData("POST", "/console/main.js", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/console/main.js", HttpStatusCode.OK)]
    public async Task Odd_Requests_GetOneClearAnswer(string method, string path, HttpStatusCode status)
    {
        using var response = await _gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        response.StatusCode.ShouldBe(status);
    }

    private Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _gateway.Http.SendAsync(request);
    }
}
