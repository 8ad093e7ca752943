using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Llama4.Console.Tests.RecordedAnswers;
using static Microsoft.Playwright.Assertions;

namespace Llama4.Console.Tests;

/// <summary>The cluster beside the chat: what the feed says, and the paths of tokens, of models that a test could not hold.</summary>
public sealed class LivePageTests(ConsoleBrowser browser) : IAsyncLifetime
{
    private RecordedGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await RecordedGateway.StartAsync();

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task Feed_MovesTheMap_GaugesAndHosts()
    {
        _gateway.Feed = RecordedCluster.Scout.Live;
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        await Expect(tab.Page.Locator(".host")).ToHaveCountAsync(4);
        await Expect(tab.Page.Locator("#kv-blocks")).ToContainTextAsync("of 16,384");
        var first = await tab.Page.EvaluateAsync<string>("document.querySelector('#heat canvas').toDataURL()");
        await tab.Page.WaitForFunctionAsync("first => document.querySelector('#heat canvas').toDataURL() !== first", first);

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Expect(tab.Page.Locator("#heat-table tbody tr")).ToHaveCountAsync(48);
        await Expect(tab.Page.Locator("#heat-table thead th")).ToHaveCountAsync(17);
        tab.ShouldBeClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Map_OfMaverick_IsReadByPointerAndKeys(bool isNarrow)
    {
        _gateway.Feed = _ => RecordedCluster.Maverick.Live(0);
        await using var tab = await browser.OpenAsync(_gateway.Address, isNarrow ? new(390, 844) : new());
        if (isNarrow)
        {
            await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Cluster" }).ClickAsync();
        }

        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        var canvas = tab.Page.Locator("#heat canvas");
        await canvas.HoverAsync(new() { Position = new() { X = 120, Y = 120 } });
        await Expect(tab.Page.Locator("#heat-readout")).ToContainTextAsync("tokens");
        await tab.Page.Keyboard.PressAsync("Tab"); // a key was used last, so the focus shows
        await canvas.FocusAsync();
        await tab.Page.Keyboard.PressAsync("Home");
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(tab.Page.Locator("#heat-readout")).ToContainTextAsync("expert 2:");
        await tab.Page.Keyboard.PressAsync("End");
        await Expect(tab.Page.Locator("#heat-readout")).ToContainTextAsync("expert 127:");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Token_ThatIsClicked_ShowsThePathItTook()
    {
        _gateway.Feed = RecordedCluster.Scout.Live;
        _gateway.Chat = (http, _) => StreamAsync(http, ["The", " capital", " of", " France", " is", " **", "Paris", "**", "."], RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        (await tab.AnswerAsync("What is the capital of France?")).ShouldBe("The capital of France is Paris.");
        JsonNode.Parse(_gateway.Requests.Single())!["llama4_path"]!.GetValue<bool>().ShouldBeTrue();
        await Expect(tab.LastAnswer.Locator("strong")).ToHaveTextAsync("Paris");

        await tab.LastAnswer.Locator(".tok", new() { HasText = "Paris" }).ClickAsync();
        var path = tab.Page.GetByLabel("Path of a token");
        await Expect(path.Locator("mark")).ToHaveTextAsync("Paris");
        await Expect(path.Locator(".layers tbody tr")).ToHaveCountAsync(48);
        await Expect(path.Locator(".layers tbody tr").First).ToContainTextAsync("amber");
        await Expect(path.Locator(".summary")).ToContainTextAsync("wire");
        await Expect(path.Locator(".instead li")).ToHaveCountAsync(4);
        await path.GetByRole(AriaRole.Button, new() { Name = "Token before" }).ClickAsync();
        await Expect(path.Locator("mark")).ToHaveTextAsync("·**");

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "This answer" }).ClickAsync();
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        var counts = await tab.Page.Locator("#heat-table tbody tr").First.Locator("td").AllInnerTextsAsync();
        counts.Sum(count => count == "·" ? 0 : int.Parse(count)).ShouldBe(10); // a token each, and the end
        await path.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(path).ToBeHiddenAsync();
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Feed_ThatEnds_IsFoundAgain()
    {
        _gateway.Feed = RecordedCluster.Scout.Live;
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        var port = _gateway.Address.Port;
        await _gateway.DisposeAsync();
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "waiting");
        await Expect(tab.Page.Locator("#offline")).ToContainTextAsync("Next try in");
        _gateway = await RecordedGateway.StartAsync(port);
        _gateway.Feed = RecordedCluster.Scout.Live;
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        await Expect(tab.Page.Locator("#offline")).ToBeHiddenAsync();
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Feed_ThatFallsSilent_SaysSo()
    {
        _gateway.Feed = RecordedCluster.Scout.Live;
        _gateway.FeedPause = TimeSpan.FromHours(1);
        await using var tab = await browser.OpenAsync(_gateway.Address, new(HasClock: true));
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        await tab.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddDays(1)); // as far as its next try is off
        await Expect(tab.Page.Locator("#offline")).ToContainTextAsync("The live feed has said nothing for 10 s. Next try in");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Models_OfTheServerThatCameBack_AreItsOwn()
    {
        (_gateway.Feed, _gateway.Model) = (RecordedCluster.Scout.Live, "alpha");
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await Expect(tab.Page.Locator("#model")).ToHaveValueAsync("alpha");
        var port = _gateway.Address.Port;
        await _gateway.DisposeAsync();
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "waiting");
        _gateway = await RecordedGateway.StartAsync(port);
        (_gateway.Feed, _gateway.Model) = (RecordedCluster.Scout.Live, "beta");
        await Expect(tab.Page.Locator("#model")).ToHaveValueAsync("beta");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Feed_IsLetGo_WhileThePageIsHidden()
    {
        _gateway.Feed = RecordedCluster.Scout.Live;
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        _gateway.Watchers.ShouldBe(1);
        const string SetHidden = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }";
        await tab.Page.EvaluateAsync(SetHidden, true);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "paused");
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); _gateway.Watchers > 0; await Task.Delay(50))
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        }

        await tab.Page.EvaluateAsync(SetHidden, false);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Server_WithoutFeedOrPaths_IsAChatAllTheSame()
    {
        _gateway.Chat = async (http, body) =>
        {
            if (body.Contains("llama4_path"))
            {
                await RefuseAsync(http, 400, "Unknown field 'llama4_path'.");
                return;
            }

            http.Response.ContentType = "text/event-stream";
            await SendAsync(http, new JsonObject { ["choices"] = new JsonArray(Choice(new JsonObject { ["content"] = "Plain." }, null, "stop")) });
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, "data: [DONE]\n\n");
        };
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "absent");
        await Expect(tab.Page.Locator("#offline")).ToHaveTextAsync("This server has no live feed.");
        (await tab.AnswerAsync("Hello")).ShouldBe("Plain.");
        await Expect(tab.LastAnswer.GetByRole(AriaRole.Button, new() { Name = "Tokens" })).ToHaveCountAsync(0);
        tab.ShouldBeClean();
    }
}
