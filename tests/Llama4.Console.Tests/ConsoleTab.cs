using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Llama4.Console.Tests;

/// <summary>The console in a browser, as its user has it; keeps what it logs as an error and whom it asks.</summary>
public sealed class ConsoleTab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _strangers = new();

    private ConsoleTab(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
    }

    public IPage Page { get; }

    public ILocator Question => Page.GetByLabel("Question", new() { Exact = true });

    public ILocator Answers => Page.Locator(".turn.answer");

    public ILocator LastAnswer => Answers.Last;

    public static async Task<ConsoleTab> OpenAsync(IBrowserContext context, Uri address, bool hasModels)
    {
        var page = await context.NewPageAsync();
        var tab = new ConsoleTab(context, page);
        page.Console += (_, message) =>
        {
            // The browser notes each answer that is no 2xx and each connection that failed: that is not the page's fault.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                tab._errors.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => tab._errors.Enqueue(error);
        await context.RouteAsync(url => !IsHome(new Uri(url), address), async route =>
        {
            tab._strangers.Enqueue(route.Request.Url);
            await route.AbortAsync();
        });
        await page.GotoAsync(address.ToString());
        if (hasModels)
        {
            await Assertions.Expect(page.Locator("#model option").First).ToBeAttachedAsync();
        }

        return tab;
    }

    /// <summary>Types a question and sends it with Enter.</summary>
    public async Task AskAsync(string text)
    {
        await Question.FillAsync(text);
        await Question.PressAsync("Enter");
    }

    /// <summary>Asks, and waits for the answer's end; gives its text.</summary>
    public async Task<string> AnswerAsync(string text)
    {
        var before = await Answers.CountAsync();
        await AskAsync(text);
        await StateAsync(Answers.Nth(before), "done");
        return await Answers.Nth(before).Locator(".prose").InnerTextAsync();
    }

    public static Task StateAsync(ILocator answer, string state) =>
        Assertions.Expect(answer).ToHaveAttributeAsync("data-state", state);

    /// <summary>No error was logged, and nobody but the server was asked for anything.</summary>
    public void ShouldBeClean()
    {
        _errors.ShouldBeEmpty();
        _strangers.ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private static bool IsHome(Uri url, Uri address) => url.Scheme is "data" or "blob" || url.Authority == address.Authority;
}
