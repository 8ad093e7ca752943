using System.Text.Json.Nodes;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.Playwright;
using static Llama4.Console.Tests.RecordedAnswers;
using static Microsoft.Playwright.Assertions;

namespace Llama4.Console.Tests;

/// <summary>Answers that do not end well, text that wants to be more than text, and the page without a mouse.</summary>
public sealed class StreamTests(ConsoleBrowser browser) : IAsyncLifetime
{
    private static readonly string[] Words = ["One", " two", " three", " four", " five"];

    private RecordedGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await RecordedGateway.StartAsync();
        _gateway.Feed = RecordedCluster.Scout.Live;
    }

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task Escape_StopsTheAnswer_AndTheServerIsLetGo()
    {
        var gone = new TaskCompletionSource();
        _gateway.Chat = (http, _) =>
        {
            http.RequestAborted.Register(() => gone.TrySetResult());
            return StreamAsync(http, Words, RecordedCluster.Scout, i => i == 3 ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Task.CompletedTask);
        };
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await tab.AskAsync("Count");
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three");
        await Expect(tab.LastAnswer.Locator(".state")).ToBeHiddenAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToBeVisibleAsync();
        await tab.Page.Keyboard.PressAsync("Escape");
        await ConsoleTab.StateAsync(tab.LastAnswer, "stopped");
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(60));

        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await tab.LastAnswer.GetByRole(AriaRole.Button, new() { Name = "Regenerate" }).ClickAsync();
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three four five");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Answer_ThatIsCutOff_SaysSo_AndCanBeMadeAgain()
    {
        var isSeen = new TaskCompletionSource();
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout, async i =>
        {
            if (i == 3)
            {
                await isSeen.Task;
                http.Abort();
            }
        });
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await tab.AskAsync("Count");
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three");
        isSeen.SetResult();
        await ConsoleTab.StateAsync(tab.LastAnswer, "cut");
        await Expect(tab.LastAnswer.GetByRole(AriaRole.Alert)).ToContainTextAsync("Cut off.");

        await tab.Page.ReloadAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "cut");
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await tab.LastAnswer.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Button, new() { Name = "Regenerate" }).ClickAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three four five");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Page_ThatIsReloadedWhileAnAnswerRuns_MarksItCut()
    {
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout, i => i == 3 ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Task.CompletedTask);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await tab.AskAsync("Count");
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three");
        await tab.Page.ReloadAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "cut");
        await Expect(tab.LastAnswer.Locator(".prose")).ToHaveTextAsync("One two three");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Refusal_ShowsItsMessage_AndWaitsAsLongAsAsked()
    {
        _gateway.Chat = (http, _) => RefuseAsync(http, 429, "Too many requests for this key.", retrySeconds: 3600);
        await using var tab = await browser.OpenAsync(_gateway.Address, new(HasClock: true));
        await tab.AskAsync("Count");
        var alert = tab.LastAnswer.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("429 Too many requests for this key.");
        await Expect(alert).ToContainTextAsync("It asks to wait");
        var again = alert.GetByRole(AriaRole.Button, new() { Name = "Try again" });
        await Expect(again).ToBeDisabledAsync();
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await tab.Page.Clock.FastForwardAsync("01:00:00");
        await Expect(again).ToBeEnabledAsync();
        await again.ClickAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Settings_AreSent_AndMistakesAreNot()
    {
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await tab.Page.GetByLabel("System message").FillAsync("Be brief.");
        await tab.Page.GetByLabel("Temperature", new() { Exact = true }).FillAsync("0.25");
        await tab.Page.GetByLabel("Top k", new() { Exact = true }).FillAsync("40");
        await tab.Page.GetByLabel("Top p", new() { Exact = true }).FillAsync("7");
        await Expect(tab.Page.GetByLabel("Top p", new() { Exact = true })).ToHaveAttributeAsync("aria-invalid", "true");
        await tab.Page.GetByLabel("Seed", new() { Exact = true }).FillAsync("42");
        await tab.Page.GetByLabel("Most tokens", new() { Exact = true }).FillAsync("99");
        await tab.Page.GetByLabel("JSON schema the answer must meet").FillAsync("""{"type":"object"}""");
        await tab.Page.GetByLabel("Definitions, a JSON array").FillAsync("""{"no":"array"}""");
        await Expect(tab.Page.Locator("#tools-wrong")).ToHaveTextAsync("Expected an array of tools.");
        await tab.Page.GetByLabel("API key").FillAsync("secret");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.AnswerAsync("Count");

        var request = JsonNode.Parse(_gateway.Requests.Single())!;
        request["messages"]!.ToJsonString().ShouldBe("""[{"role":"system","content":"Be brief."},{"role":"user","content":"Count"}]""");
        request["temperature"]!.GetValue<double>().ShouldBe(0.25);
        request["top_k"]!.GetValue<int>().ShouldBe(40);
        request["top_p"].ShouldBeNull();
        request["seed"]!.GetValue<int>().ShouldBe(42);
        request["max_completion_tokens"]!.GetValue<int>().ShouldBe(99);
        request["response_format"]!["json_schema"]!["schema"]!.ToJsonString().ShouldBe("""{"type":"object"}""");
        request["tools"].ShouldBeNull();
        (await tab.Page.EvaluateAsync<string>("JSON.stringify(localStorage)")).ShouldNotContain("secret");
        (await tab.Page.EvaluateAsync<string>("JSON.stringify(sessionStorage)")).ShouldContain("secret");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Text_StaysText_WhateverItSays()
    {
        const string Evil = """
            # Head <img src=x onerror=alert(1)>

            A [link](javascript:alert(1)), a [good](https://example.com/a), ![picture](https://example.com/p.png) & <script>alert(1)</script>.

            - one **bold** `code <b>`
            - two
              1. inner
            > quoted *text*

            | a | b |
            |---|---|
            | 1 | <i>2</i> |

            ```html
            <script src="https://example.com/x.js"></script>
            ```
            """;
        _gateway.Chat = (http, _) => StreamAsync(http, Tokens(Evil), RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        await tab.AnswerAsync("Say it");
        var prose = tab.LastAnswer.Locator(".prose");
        await Expect(prose.Locator("h3")).ToHaveTextAsync("Head <img src=x onerror=alert(1)>");
        await Expect(prose.Locator("script, img, i, b")).ToHaveCountAsync(0);
        await Expect(prose.Locator("a")).ToHaveCountAsync(2); // the good one, and the picture's address, which is not loaded
        await Expect(prose.Locator("a").First).ToHaveAttributeAsync("href", "https://example.com/a");
        await Expect(prose.Locator("li")).ToHaveCountAsync(3);
        await Expect(prose.Locator("blockquote em")).ToHaveTextAsync("text");
        await Expect(prose.Locator("td").Last).ToHaveTextAsync("<i>2</i>");
        await Expect(prose.Locator("pre")).ToHaveTextAsync("""<script src="https://example.com/x.js"></script>""");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Server_WithKeys_IsUsedOnceTheKeyIsGiven()
    {
        _gateway.Key = "secret";
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address, new(HasModels: false));
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "locked");
        await tab.AskAsync("Count");
        await Expect(tab.LastAnswer.GetByRole(AriaRole.Alert)).ToContainTextAsync("401 This server wants an API key. The key goes into the settings.");

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await tab.Page.GetByLabel("API key").FillAsync("secret");
        await tab.Page.Keyboard.PressAsync("Escape");
        await Expect(tab.Page.Locator("#link")).ToHaveAttributeAsync("data-state", "live");
        await Expect(tab.Page.Locator("#model option")).ToHaveTextAsync("scout-nano");
        await tab.LastAnswer.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Markup_IsRefusedByTheBrowser_WhoeverMakesIt()
    {
        await using var tab = await browser.OpenAsync(_gateway.Address);
        (await Should.ThrowAsync<PlaywrightException>(tab.Page.EvaluateAsync("document.querySelector('#notice').innerHTML = '<b>x</b>'"))).Message.ShouldContain("TrustedHTML");
        (await tab.Page.EvaluateAsync<bool>("fetch('https://example.com/').then(() => true, () => false)")).ShouldBeFalse();
    }

    [Fact]
    public async Task Pictures_AreDroppedAndPasted_AndLimitsAreTold()
    {
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        const string Give = """
            ([type, names]) => {
              const data = new DataTransfer();
              for (const name of names) data.items.add(new File([Uint8Array.from(atob('iVBORw0KGgo='), c => c.charCodeAt(0))], name, { type: name.endsWith('.png') ? 'image/png' : 'text/plain' }));
              const event = type === 'paste' ? new ClipboardEvent(type, { clipboardData: data, bubbles: true }) : new DragEvent(type, { dataTransfer: data, bubbles: true });
              document.querySelector('#question').dispatchEvent(event);
            }
            """;
        var thumbs = tab.Page.Locator(".thumb");
        await tab.Page.EvaluateAsync(Give, new object[] { "dragenter", new[] { "a.png" } });
        await Expect(tab.Page.GetByText("Drop pictures here")).ToBeVisibleAsync();
        await tab.Page.EvaluateAsync(Give, new object[] { "drop", new[] { "a.png" } });
        await Expect(thumbs).ToHaveCountAsync(1);
        await Expect(tab.Page.GetByText("Drop pictures here")).ToBeHiddenAsync();
        await tab.Page.EvaluateAsync(Give, new object[] { "paste", new[] { "b.png" } });
        await Expect(thumbs).ToHaveCountAsync(2);
        await tab.Page.EvaluateAsync(Give, new object[] { "drop", new[] { "c.txt" } });
        await Expect(tab.Page.Locator("#notice")).ToHaveTextAsync("c.txt is no PNG, JPEG, WebP or GIF.");
        await tab.Page.EvaluateAsync(Give, new object[] { "drop", Enumerable.Range(0, 9).Select(i => $"{i}.png").ToArray() });
        await Expect(tab.Page.Locator("#notice")).ToHaveTextAsync("A question may have 10 pictures.");
        await Expect(thumbs).ToHaveCountAsync(10);
        for (var left = 9; left > 0; left--)
        {
            await thumbs.First.GetByRole(AriaRole.Button).ClickAsync();
            await Expect(thumbs).ToHaveCountAsync(left);
        }

        await tab.AnswerAsync("What is it?");
        JsonNode.Parse(_gateway.Requests.Single())!["messages"]![0]!["content"]!.ToJsonString()
            .ShouldBe("""[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"text","text":"What is it?"}]""");
    }

    /// <summary>The page refuses what the server would, and nothing that it takes.</summary>
    [Fact]
    public async Task Pictures_MayBeAsLargeAsTheServerTakes()
    {
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        var (thumbs, notice) = (tab.Page.Locator(".thumb"), tab.Page.Locator("#notice"));
        Task DropAsync(string name, int bytes) => tab.Page.EvaluateAsync("""
            ([name, bytes]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
              document.querySelector('#question').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
            }
            """, new object[] { name, bytes });
        var limits = ScoutNano.Options.Limits;

        await DropAsync("phone.png", 7_000_000);
        await Expect(thumbs).ToHaveCountAsync(1);
        await Expect(notice).ToBeHiddenAsync();
        await tab.AnswerAsync("What is it?");
        _gateway.Requests.Single().Length.ShouldBeGreaterThan(9_000_000);

        await DropAsync("poster.png", limits.Picture.BytesMax + 1);
        await Expect(notice).ToHaveTextAsync("A picture may have 20.0 MiB; poster.png has 20.0 MiB.");
        await DropAsync("a.png", limits.Picture.BytesMax);
        await DropAsync("b.png", limits.Picture.BytesMax);
        await Expect(thumbs).ToHaveCountAsync(2);
        await DropAsync("c.png", limits.Picture.BytesMax);
        await Expect(notice).ToHaveTextAsync("A request may have 72.1 MiB; with c.png the pictures of this question would have 80.0 MiB, as they are sent.");
        await DropAsync("d.png", 10_000_000);
        await Expect(thumbs).ToHaveCountAsync(3);
        await tab.AskAsync("And these?");
        await Expect(notice).ToHaveTextAsync("This dialog has 75.0 MiB with its pictures, and a request may have 72.1 MiB. Start a new conversation, or send fewer or smaller pictures.");
        _gateway.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Everything_CanBeDoneWithKeys()
    {
        _gateway.Chat = (http, _) => StreamAsync(http, Words, RecordedCluster.Scout);
        await using var tab = await browser.OpenAsync(_gateway.Address);
        var keys = tab.Page.Keyboard;
        await Expect(tab.Question).ToBeFocusedAsync();
        await keys.TypeAsync("Count");
        await keys.PressAsync("Shift+Enter");
        await keys.TypeAsync("to five");
        await keys.PressAsync("Enter");
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        await Expect(tab.Page.Locator(".question .bubble")).ToHaveTextAsync("Count\nto five");

        await tab.Page.EvaluateAsync("document.activeElement.blur()");
        await keys.PressAsync("t");
        var mark = tab.Page.Locator("#path mark");
        await Expect(mark).ToHaveTextAsync("One");
        await keys.PressAsync("ArrowRight");
        await Expect(mark).ToHaveTextAsync("·two");
        await keys.PressAsync("End");
        await Expect(mark).ToHaveTextAsync("<|eot|>");
        await keys.PressAsync("ArrowLeft");
        await Expect(mark).ToHaveTextAsync("·five");
        await keys.PressAsync("Enter");
        await Expect(tab.Page.GetByLabel("Layers of the token")).ToBeFocusedAsync();
        await keys.PressAsync("Escape");
        await Expect(tab.Page.Locator("#path")).ToBeHiddenAsync();

        await keys.PressAsync("?");
        await Expect(tab.Page.GetByRole(AriaRole.Dialog, new() { Name = "Keys" })).ToBeVisibleAsync();
        await keys.PressAsync("Escape");
        await keys.PressAsync(",");
        await Expect(tab.Page.GetByRole(AriaRole.Dialog, new() { Name = "Settings" })).ToBeVisibleAsync();
        await keys.PressAsync("Escape");
        await keys.PressAsync("m");
        await Expect(tab.Page.Locator("#heat-answer")).ToHaveAttributeAsync("aria-pressed", "true");
        await keys.PressAsync("/");
        await Expect(tab.Question).ToBeFocusedAsync();
        await keys.PressAsync("ArrowUp");
        await Expect(tab.Page.GetByLabel("Edit the question")).ToBeFocusedAsync();
        await keys.PressAsync("Escape");
        await keys.PressAsync("r");
        await Expect(tab.Answers).ToHaveCountAsync(1);
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        _gateway.Requests.Count.ShouldBe(2);
        tab.ShouldBeClean();
    }
}
