using System.Net.Http.Json;
using System.Text.Json;

namespace Llama4.Deploy.Tests.Image;

/// <summary>deploy/compose.yaml at work, without Docker.</summary>
public sealed class ComposeRunTests
{
    /// <summary>As deploy/README.md promises for a whole cluster.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Services_Together_AnswerWithTheExpertsElsewhereAndStop()
    {
        Assert.SkipUnless(Command.IsThere("redis-server"), "redis-server is not installed (Debian: redis-server)");
        using var run = await ComposeRun.StartAsync();
        using var http = new HttpClient { BaseAddress = run.Gateway, Timeout = TimeSpan.FromMinutes(2) };

        var answer = await http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "scout-nano", temperature = 0, messages = new[] { new { role = "user", content = "What is the capital of France?" } } },
            TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var status = await Llama4StatusAsync(run);

        text.ShouldContain("Paris", customMessage: run.Said());
        status.GetProperty("hosts").GetArrayLength().ShouldBe(run.Hosts.Count);
        foreach (var stopped in await Task.WhenAll(run.Hosts.Select(host => host.Process.StopAsync(StopLimit))))
            stopped.ShouldBe(0, run.Said());
    }

    /// <summary>As an operator asks for it.</summary>
    private static async Task<JsonElement> Llama4StatusAsync(ComposeRun run)
    {
        var json = await Command.OutputAsync(
            TimeSpan.FromMinutes(2), "dotnet", typeof(Llama4.Server.CommandLine).Assembly.Location, "status", "--json", "--url", run.Operators.ToString(), "--key", run.OperatorsKey);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
