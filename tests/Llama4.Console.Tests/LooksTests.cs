using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Llama4.Console.Tests.RecordedAnswers;
using static Microsoft.Playwright.Assertions;

namespace Llama4.Console.Tests;

/// <summary>Light and dark, wide and narrow: nothing is cut off, contrast is AA, and all has a name.</summary>
public sealed class LooksTests(ConsoleBrowser browser) : IAsyncLifetime
{
    private RecordedGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await RecordedGateway.StartAsync();
        _gateway.Feed = _ => RecordedCluster.Scout.Live(1);
        _gateway.Chat = (http, _) => StreamAsync(http, Tokens("Some `code` and\n\n```py\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"), RecordedCluster.Scout);
    }

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData(1440, false)]
    [InlineData(1440, true)]
    [InlineData(390, false)]
    [InlineData(390, true)]
    public async Task Page_IsAccessible_AndFits(int width, bool dark)
    {
        await using var tab = await browser.OpenAsync(_gateway.Address, new(width, 844, dark, ReducedMotion: true));
        await CheckAsync(tab, "empty");
        await tab.AnswerAsync("Show me");
        await tab.LastAnswer.Locator(".tok").First.ClickAsync();
        await CheckAsync(tab, "path");
        await tab.Page.Locator("#path").GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        if (width < 1000)
        {
            await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Cluster", Exact = true }).ClickAsync();
        }

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await CheckAsync(tab, "cluster");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await CheckAsync(tab, "settings");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Page.Keyboard.PressAsync("?");
        await CheckAsync(tab, "help");
        tab.ShouldBeClean();
    }

    [Fact]
    public async Task Switch_OverridesTheSystem_AndIsKept()
    {
        await using var tab = await browser.OpenAsync(_gateway.Address, new(Dark: true));
        (await GroundAsync(tab)).ShouldBeLessThan(64);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Theme" }).ClickAsync();
        (await GroundAsync(tab)).ShouldBeGreaterThan(192);
        await tab.Page.ReloadAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Button, new() { Name = "Theme: light" })).ToBeVisibleAsync();
        (await GroundAsync(tab)).ShouldBeGreaterThan(192);
        tab.ShouldBeClean();
    }

    private static Task<int> GroundAsync(ConsoleTab tab) =>
        tab.Page.EvaluateAsync<int>("Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])");

    private static async Task CheckAsync(ConsoleTab tab, string what)
    {
        var wide = await tab.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
        wide.ShouldBeLessThanOrEqualTo(0, $"{what} is wider than the page");
        var found = await tab.Page.RunAxe();
        found.Violations.Select(violation => $"{what}: {violation.Id} {string.Join(" | ", violation.Nodes.Select(node => $"{node.Html} {node.Any.FirstOrDefault()?.Message}"))}").ShouldBeEmpty();
    }
}
