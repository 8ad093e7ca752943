using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Llama4.Console.Tests;

/// <summary>The console as its user has it, on the real server with scout-nano.</summary>
public sealed class ChatTests(ConsoleBrowser browser) : IAsyncLifetime
{
    private ServedNano? _nano;

    public async ValueTask InitializeAsync() => _nano = ConsoleBrowser.IsInstalled ? await ServedNano.StartAsync() : null;

    public async ValueTask DisposeAsync() => await (_nano?.DisposeAsync() ?? default);

    [Fact]
    public async Task Question_IsAnswered_AndKeptOverAReload()
    {
        await using var tab = await OpenAsync();
        await SetAsync(tab, "Temperature", "0");
        (await tab.AnswerAsync("What is the capital of France?")).ShouldContain("Paris");
        (await tab.LastAnswer.Locator(".figures").InnerTextAsync()).ShouldContain("tokens");

        await tab.Page.ReloadAsync();
        await Expect(tab.LastAnswer).ToContainTextAsync("Paris");
        await Expect(tab.Page.Locator(".turn.question")).ToContainTextAsync("capital of France");

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Regenerate" }).ClickAsync();
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        (await tab.Answers.CountAsync()).ShouldBe(1);

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await tab.Page.GetByLabel("Edit the question").FillAsync("What is the capital of Italy?");
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.LastAnswer).ToContainTextAsync("Rome");
        (await tab.Answers.CountAsync()).ShouldBe(1);

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Expect(tab.Answers).ToHaveCountAsync(0);
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Picture_GoesWithTheQuestion()
    {
        await using var tab = await OpenAsync();
        await SetAsync(tab, "Temperature", "0");
        var folder = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano", "eval", "images");
        await tab.Page.Locator("#picture-file").SetInputFilesAsync(Path.Combine(folder, "image-002.png"));
        await Expect(tab.Page.Locator(".thumb")).ToHaveCountAsync(1);
        (await tab.AnswerAsync("What is on the left?")).ShouldContain("green square");
        await Expect(tab.Page.Locator(".question img")).ToHaveCountAsync(1);
        await Expect(tab.Page.Locator(".thumb")).ToHaveCountAsync(0);
        tab.ShouldBeClean();
    }

    /// <summary>As phones make them: noise, so that the file is as large as its pixels.</summary>
    [Fact]
    public async Task Picture_OfSevenMegabytes_IsDroppedAndRead()
    {
        await using var tab = await OpenAsync();
        var bytes = await tab.Page.EvaluateAsync<int>("""
            async () => {
              const canvas = new OffscreenCanvas(1600, 1500);
              const context = canvas.getContext('2d');
              const image = context.createImageData(1600, 1500);
              for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;
              context.putImageData(image, 0, 0);
              const file = new File([await canvas.convertToBlob()], 'noise.png', { type: 'image/png' });
              const data = new DataTransfer();
              data.items.add(file);
              document.querySelector('#question').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
              return file.size;
            }
            """);
        bytes.ShouldBeGreaterThan(7_000_000);
        await Expect(tab.Page.Locator(".thumb")).ToHaveCountAsync(1);
        (await tab.AnswerAsync("What is on the left?")).ShouldNotBeEmpty();
        await Expect(tab.Page.Locator(".question img")).ToHaveCountAsync(1);
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Tool_IsCalled_AndItsResultGoesBack()
    {
        await using var tab = await OpenAsync();
        await SetAsync(tab, "Temperature", "0");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await tab.Page.Locator("fieldset", new() { HasText = "Tools" }).GetByRole(AriaRole.Button, new() { Name = "Example" }).ClickAsync();
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.AskAsync("What is the weather in Paris?");
        var card = tab.Page.Locator(".call");
        await Expect(card).ToContainTextAsync("get_weather");
        await Expect(card.Locator("dd")).ToHaveTextAsync("\"Paris\"");
        await card.GetByLabel("Result").FillAsync("""{"temperature": 21, "condition": "sunny"}""");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Send result" }).ClickAsync();
        await Expect(tab.Answers).ToHaveCountAsync(2);
        await ConsoleTab.StateAsync(tab.LastAnswer, "done");
        await Expect(tab.LastAnswer.Locator(".prose")).Not.ToBeEmptyAsync();
        await Expect(card.Locator(".result pre")).ToContainTextAsync("sunny");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Gateway_ThatRestarts_IsFoundAgain_AndNothingIsLost()
    {
        await using var tab = await OpenAsync();
        await SetAsync(tab, "Temperature", "0");
        await tab.AnswerAsync("What is the capital of France?");
        var link = tab.Page.Locator("#link");
        await Expect(link).ToHaveAttributeAsync("data-state", "live");
        await _nano!.KillAsync();
        await Expect(link).ToHaveAttributeAsync("data-state", "waiting");
        await tab.AskAsync("What is the capital of Italy?");
        await ConsoleTab.StateAsync(tab.LastAnswer, "failed");
        await Expect(tab.LastAnswer).ToContainTextAsync("cannot be reached");

        await _nano.RunAsync();
        await Expect(link).ToHaveAttributeAsync("data-state", "live");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await Expect(tab.LastAnswer).ToContainTextAsync("Rome");
        await Expect(tab.Answers.First).ToContainTextAsync("Paris");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Cluster_IsSeenLive_AndATokensPathIsTold()
    {
        await using var tab = await OpenAsync();
        await SetAsync(tab, "Temperature", "0");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        var rows = tab.Page.Locator("#heat-table tbody tr");
        await Expect(rows).ToHaveCountAsync(8);
        await Expect(tab.Page.Locator(".host")).ToContainTextAsync("experts 0–15 of layers 0–7");
        (await SumAsync(rows.First)).ShouldBe(0); // nobody asked anything yet

        var moves = Expect(rows.First).ToContainTextAsync(new System.Text.RegularExpressions.Regex("[1-9]")); // what is there for some seconds only
        await tab.AnswerAsync("What is the capital of France?");
        await moves;

        await tab.LastAnswer.Locator(".tok", new() { HasText = "Paris" }).ClickAsync();
        var path = tab.Page.GetByLabel("Path of a token");
        await Expect(path.Locator("mark")).ToHaveTextAsync("·Paris");
        await Expect(path.Locator(".layers tbody tr")).ToHaveCountAsync(8);
        await Expect(path.Locator(".instead .chosen")).ToContainTextAsync("Paris");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "This answer" }).ClickAsync();
        var tokens = await tab.LastAnswer.Locator(".tok").EvaluateAllAsync<int>("spans => new Set(spans.map(span => span.dataset.token)).size");
        (await SumAsync(rows.First)).ShouldBe(tokens);
        tab.ShouldBeClean();
    }

    /// <summary>Tokens of a layer, summed over the experts of the table.</summary>
    private static async Task<int> SumAsync(ILocator row) =>
        (await row.Locator("td").AllInnerTextsAsync()).Sum(count => count == "·" ? 0 : int.Parse(count, System.Globalization.CultureInfo.InvariantCulture));

    private static async Task SetAsync(ConsoleTab tab, string label, string value)
    {
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await tab.Page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
        await tab.Page.Keyboard.PressAsync("Escape");
    }

    private Task<ConsoleTab> OpenAsync()
    {
        Assert.SkipWhen(_nano is null, ConsoleBrowser.Lacking);
        return browser.OpenAsync(_nano.Address);
    }
}
