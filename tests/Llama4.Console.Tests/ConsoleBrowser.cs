using Llama4.Console.Tests;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ConsoleBrowser))]

namespace Llama4.Console.Tests;

/// <summary>One Chromium for all tests, of the system: nothing is downloaded. CONSOLE_CHROMIUM names another one.</summary>
public sealed class ConsoleBrowser : IAsyncLifetime
{
    public const string Lacking = "chromium is not installed (Debian: chromium)";

    private static readonly string? Executable = new[] { Environment.GetEnvironmentVariable("CONSOLE_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser" }
        .FirstOrDefault(path => path is not null && File.Exists(path));

    // Nothing that would reach out by itself; a container's /dev/shm is small.
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    public static bool IsInstalled => Executable is not null;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Executable is null)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(60_000); // machines are noisy
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Headless = true, Args = Flags, Timeout = 120_000 });
    }

    /// <summary>A page of a profile of its own. Without a Chromium the test is skipped.</summary>
    public async Task<ConsoleTab> OpenAsync(Uri address, TabSettings? settings = null)
    {
        Assert.SkipWhen(_browser is null, Lacking);
        settings ??= new();
        var context = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = settings.Width, Height = settings.Height },
            ColorScheme = settings.Dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = settings.ReducedMotion ? ReducedMotion.Reduce : ReducedMotion.NoPreference,
            DeviceScaleFactor = settings.Scale,
            HasTouch = settings.Width < 640,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(60_000);
        if (settings.HasClock)
        {
            await context.Clock.InstallAsync();
        }

        return await ConsoleTab.OpenAsync(context, address, settings.HasModels);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>How the page is looked at.</summary>
/// <param name="Scale">Device pixels of a CSS pixel.</param>
/// <param name="HasModels">Whether the server will list its models, which is then waited for.</param>
/// <param name="HasClock">Whether its time can be moved on, with the page's Clock.</param>
public sealed record TabSettings(
    int Width = 1440, int Height = 900, bool Dark = false, bool ReducedMotion = false, float Scale = 1, bool HasModels = true, bool HasClock = false);
