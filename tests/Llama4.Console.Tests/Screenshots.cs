using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using static Llama4.Console.Tests.RecordedAnswers;
using static Microsoft.Playwright.Assertions;

namespace Llama4.Console.Tests;

/// <summary>
/// Makes the pictures of docs/console anew where CONSOLE_SCREENSHOTS names a folder; docs/console/README.md has the command.
/// Scout and Maverick are recorded, for no one has them at hand; the bundled model is served.
/// </summary>
public sealed class Screenshots(ConsoleBrowser browser) : IAsyncLifetime
{
    private const string Switch = "CONSOLE_SCREENSHOTS";

    private const string Answer = """
        A mixture-of-experts layer has many feed-forward networks, and each token uses **one** of them.

        1. The *router* scores every expert with the token's hidden state.
        2. The best expert runs on its input, scaled by `sigmoid(score)`.
        3. A shared expert runs beside it, and both are added.

        ```python
        scores = hidden @ router.T
        best = scores.argmax(-1)
        out = shared(x) + experts[best](x * sigmoid(scores[best]))
        ```

        So Scout reads 17 of its 109 billion parameters for a token.
        """;

    private static readonly string? Folder = Environment.GetEnvironmentVariable(Switch);

    private RecordedGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await RecordedGateway.StartAsync();
        _gateway.FeedPause = TimeSpan.FromMilliseconds(40);
        _gateway.Chat = (http, _) => StreamAsync(http, Tokens(Answer), RecordedCluster.Scout);
    }

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("wide-light", 1440, false)]
    [InlineData("narrow-light", 390, false)]
    [InlineData("narrow-dark", 390, true)]
    public async Task Answer_AndThePathOfAToken(string name, int width, bool dark)
    {
        await using var tab = await OpenAsync(RecordedCluster.Scout, width, dark);
        await tab.AnswerAsync("How does a mixture of experts work?");
        await tab.LastAnswer.Locator(".tok", new() { HasText = "hidden" }).First.ClickAsync();
        await Expect(tab.Page.Locator("#path mark")).ToBeVisibleAsync();
        await tab.Page.EvaluateAsync("document.querySelector('#thread').scrollTop = 0");
        await TakeAsync(tab, name);
    }

    [Fact]
    public async Task Maverick_InTheDark()
    {
        _gateway.Chat = CallAsync;
        await using var tab = await OpenAsync(RecordedCluster.Maverick, 1440, dark: true);
        await tab.AskAsync("What is the weather in Paris?");
        await tab.Page.GetByLabel("Result").FillAsync("""{"temperature": 21, "condition": "sunny"}""");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Send result" }).ClickAsync();
        await Expect(tab.Answers).ToHaveCountAsync(2);
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        await tab.Page.Locator("#heat canvas").HoverAsync(new() { Position = new() { X = 300, Y = 190 } });
        await TakeAsync(tab, "wide-dark");
    }

    [Fact]
    public async Task Cluster_OnANarrowPage()
    {
        await using var tab = await OpenAsync(RecordedCluster.Scout, 390, dark: false);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Cluster", Exact = true }).ClickAsync();
        await TakeAsync(tab, "narrow-cluster");
    }

    [Fact]
    public async Task BundledModel_AsItIs()
    {
        Assert.SkipWhen(Folder is null, $"makes pictures where {Switch} names a folder");
        await using var nano = await ServedNano.StartAsync();
        await using var tab = await browser.OpenAsync(nano.Address, new(ReducedMotion: true));
        await tab.Page.Locator("#picture-file").SetInputFilesAsync(
            Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano", "eval", "images", "image-002.png"));
        await Expect(tab.Page.Locator(".thumb")).ToHaveCountAsync(1);
        await tab.AnswerAsync("What is on the left?");
        await tab.AnswerAsync("What is the capital of France?");
        await tab.LastAnswer.Locator(".tok", new() { HasText = "Paris" }).ClickAsync();
        await tab.Page.WaitForTimeoutAsync(1500); // a second of the feed
        await TakeAsync(tab, "nano-light");
    }

    private static Task CallAsync(HttpContext http, string body) => body.Contains("\"tool\"")
        ? StreamAsync(http, Tokens("It is **sunny** in Paris, with 21 °C."), RecordedCluster.Maverick)
        : SendCallAsync(http);

    private static async Task SendCallAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        var call = new JsonObject
        {
            ["index"] = 0,
            ["id"] = "call_7f3a21",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = "get_weather", ["arguments"] = """{"city":"Paris","unit":"celsius"}""" },
        };
        await SendAsync(http, new JsonObject { ["choices"] = new JsonArray(Choice(new JsonObject { ["tool_calls"] = new JsonArray(call) }, null, "tool_calls")) });
        await http.Response.WriteAsync("data: [DONE]\n\n");
    }

    private async Task<ConsoleTab> OpenAsync(RecordedCluster cluster, int width, bool dark)
    {
        Assert.SkipWhen(Folder is null, $"makes pictures where {Switch} names a folder");
        var second = 0;
        _gateway.Model = cluster.Model;
        _gateway.Feed = n => cluster.Live(second = n);
        var tab = await browser.OpenAsync(_gateway.Address, new(width, width < 640 ? 844 : 900, dark, ReducedMotion: true, Scale: width < 640 ? 1.5f : 1));
        while (second < 70)
        {
            await Task.Delay(50);
        }

        return tab;
    }

    private static async Task TakeAsync(ConsoleTab tab, string name)
    {
        await tab.Page.WaitForTimeoutAsync(300); // what fades has faded
        await tab.Page.ScreenshotAsync(new() { Path = Path.Combine(Folder!, $"{name}.png"), Caret = ScreenshotCaret.Hide });
        tab.ShouldBeClean();
    }
}
