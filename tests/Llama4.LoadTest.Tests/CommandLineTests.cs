using Llama4.LoadTest.Results;
using Llama4.LoadTest.Tests.Client;
using Llama4.LoadTest.Tests.Deciding;

namespace Llama4.LoadTest.Tests;

/// <summary>The verbs as their user has them.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loadtest").FullName;

    private readonly StringWriter _output = new();

    private readonly StringWriter _error = new();

    [Theory]
    [InlineData("run", "nowhere.yaml", "--url", "http://127.0.0.1:1")]
    [InlineData("run", "CHAT", "--url", "nowhere")]
    [InlineData("run", "CHAT")]
    [InlineData("run", "CHAT", "--url", "http://127.0.0.1:1", "--speed", "3")]
    [InlineData("run", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--rate", "-1")]
    [InlineData("run", "RECORDED", "--url", "http://127.0.0.1:1", "--model", "m", "--rate", "1")]
    [InlineData("run", "CHAT", "--url", "http://127.0.0.1:1")] // without --model the server is asked
    [InlineData("ramp", "RECORDED", "--url", "http://127.0.0.1:1", "--model", "m")]
    [InlineData("ramp", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--factor", "1")]
    [InlineData("soak", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--pid", "999999999")]
    [InlineData("soak", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--pid", "1", "--metrics", "http://127.0.0.1:1")]
    [InlineData("chaos", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m")]
    [InlineData("chaos", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--do", "at 99s: true")]
    [InlineData("chaos", "CHAT", "--url", "http://127.0.0.1:1", "--model", "m", "--do", "at 1s: true", "--start", "false")]
    [InlineData("compare", "nowhere", "nowhere")]
    [InlineData("report", "nowhere")]
    [InlineData("rnu")]
    public async Task Mistake_IsOneLineAndExitCode2(params string[] args)
    {
        string[] resolved = [.. args.Select(arg => arg is "CHAT" or "RECORDED" ? Path.Combine(TestScenarios.Folder, arg.ToLowerInvariant() + ".yaml") : arg)];

        (await CommandLine.RunAsync(resolved, _output, _error)).ShouldBe(CommandLine.Usage);

        _error.ToString().ShouldStartWith("error: ");
        _error.ToString().TrimEnd().ShouldNotContain('\n');
        _output.ToString().ShouldBeEmpty();
    }

    [Fact]
    public async Task Compare_ExitsWith1WhereARatioIsBroken()
    {
        var (a, b) = (Path.Combine(_folder, "a"), Path.Combine(_folder, "b"));
        new ResultFolder(a).Write(ComparisonTests.Run(0.1));
        new ResultFolder(b).Write(ComparisonTests.Run(0.2));
        var page = Path.Combine(_folder, "compared.html");

        (await CommandLine.RunAsync(["compare", a, b, "--most", "ttft_p99=2.1", "--out", page], _output, _error)).ShouldBe(CommandLine.Success);
        (await CommandLine.RunAsync(["compare", a, b, "--most", "ttft_p99=1.2"], _output, _error)).ShouldBe(CommandLine.Failure);

        _output.ToString().ShouldContain("at most 1.2 BROKEN");
        File.ReadAllText(page).ShouldContain("stroke-dasharray");
    }

    [Fact]
    public async Task Report_IsMadeOfTheResultAlone()
    {
        new ResultFolder(_folder).Write(ComparisonTests.Run(0.1));

        (await CommandLine.RunAsync(["report", _folder], _output, _error)).ShouldBe(CommandLine.Success);

        File.ReadAllText(Path.Combine(_folder, "report.html")).ShouldContain("<svg");
        ResultFolder.Read(_folder).Latency.ShouldBe(ComparisonTests.Run(0.1).Latency);
    }

    [Fact]
    public async Task ResultOfAnotherFormat_IsRefused()
    {
        new ResultFolder(_folder).Write(ComparisonTests.Run(0.1) with { Format = "other/1" });

        (await CommandLine.RunAsync(["report", _folder], _output, _error)).ShouldBe(CommandLine.Usage);
        _error.ToString().ShouldContain("expected format llama4-loadtest/1, found other/1");
    }

    [Fact]
    public async Task Soak_ExitsWith1WhereRequestsAreLost()
    {
        await using var server = new FakeServer(FakeServer.Head, "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n");
        string[] args = ["soak", Path.Combine(TestScenarios.Folder, "chat.yaml"), "--url", server.Url.AbsoluteUri, "--model", "m", "--hours", "0.0003", "--rate", "10"];

        (await CommandLine.RunAsync(args, _output, _error)).ShouldBe(CommandLine.Failure);

        _output.ToString().ShouldContain("BROKEN: no request is lost");
        _output.ToString().ShouldContain("cut: the stream ended before [DONE]");
    }

    [Fact]
    public async Task Ramp_FindsTheKneeOfAServerWithOneSlot()
    {
        using var slot = new SemaphoreSlim(1);
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await slot.WaitAsync(over);
            try
            {
                await Task.Delay(20, over); // fifty a second at most
                await FakeServer.WriteAsync(stream, FakeServer.Head + FakeServer.Answer, over);
            }
            finally
            {
                slot.Release();
            }
        });
        string[] args = ["ramp", Path.Combine(TestScenarios.Folder, "chat.yaml"), "--url", server.Url.AbsoluteUri, "--model", "m", "--rate", "10", "--factor", "20", "--seconds", "1", "--refine", "0", "--out", _folder];

        (await CommandLine.RunAsync(args, _output, _error)).ShouldBe(CommandLine.Success, _error.ToString());

        var result = ResultFolder.Read(_folder);
        result.Ramp.Select(step => step.Broken is null).First().ShouldBeTrue();
        result.Ramp[^1].Broken.ShouldNotBeNull();
        result.Ramp.Where(step => step.Broken is null).ShouldAllBe(step => step.Rate < 200);
        result.Counts.Lost.ShouldBe(0);
        result.Counts.Sent.ShouldBeGreaterThan(result.Ramp.Count);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
