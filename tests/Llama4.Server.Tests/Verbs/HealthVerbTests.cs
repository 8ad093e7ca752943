using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Server.Tests.Verbs;

public sealed class HealthVerbTests : IAsyncLifetime
{
    private readonly WebApplication _server;
    private int _asked;

    public HealthVerbTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(options => options.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.MapGet("/health/live", () => "yes");
        _server.MapGet("/health/ready", () => Interlocked.Increment(ref _asked) > 2 ? Results.Ok() : Results.StatusCode(503));
    }

    private string Address => _server.Urls.Single();

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Health_WhenItIsSo_SaysSo()
    {
        var run = await Llama4Run.OfAsync("health", "--url", $"{Address}/", "--check", "live");

        run.ShouldBe(new Llama4Run(CommandLine.Success, "live\n", ""));
    }

    [Fact]
    public async Task Health_WhenItIsNot_FailsWithWhatWasFound() =>
        (await Llama4Run.OfAsync("health", "--url", Address)).ShouldFailWith(CommandLine.Failure, $"{Address}/health/ready: expected 200, found 503");

    [Fact]
    public async Task Health_WithTime_WaitsUntilItIsSo()
    {
        var run = await Llama4Run.OfAsync("health", "--url", Address, "--wait", "600");

        run.ShouldBe(new Llama4Run(CommandLine.Success, "ready\n", ""));
        _asked.ShouldBeGreaterThanOrEqualTo(3); // more where an answer came too late
    }

    [Fact]
    public async Task Health_WhereNobodyListens_Fails() =>
        (await Llama4Run.OfAsync("health", "--url", $"http://127.0.0.1:{Machine.FreePort()}", "--wait", "1")).ShouldFailWith(CommandLine.Failure, "refused");

    [Theory]
    [InlineData("--check", "well", "--check: expected live, started or ready, found 'well'")]
    [InlineData("--url", "localhost", "--url: expected an address like http://127.0.0.1:9091, found 'localhost'")]
    [InlineData("--wait", "long", "--wait: expected 0 to 86400, found long")]
    public async Task Health_WithSomethingElse_SaysWhatIsExpected(string option, string value, string message) =>
        (await Llama4Run.OfAsync("health", option, value)).ShouldFailWith(CommandLine.Usage, message);
}
