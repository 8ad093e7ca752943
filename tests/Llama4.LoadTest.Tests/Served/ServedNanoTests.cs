using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Tests.Served;

/// <summary>The verbs against the real server. Nothing here asserts how fast it is.</summary>
public sealed class ServedNanoTests(ServedNano server) : IClassFixture<ServedNano>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loadtest").FullName;

    private readonly StringWriter _output = new();

    private readonly StringWriter _error = new();

    [Fact]
    public async Task Run_OfEverythingMixed_LosesNothingAndAnswersAreRight()
    {
        await RunAsync(CommandLine.Success, "run", "mixed.yaml", "--seconds", "6", "--rate", "6", "--seed", "5");

        var result = ResultFolder.Read(_folder);
        var counts = result.Counts;
        counts.Sent.ShouldBeGreaterThan(20);
        counts.Outcomes.ShouldBe(new Dictionary<Outcome, long> { [Outcome.Ok] = counts.Sent });
        counts.Checked.ShouldBeGreaterThan(5);
        ((double)counts.Right / counts.Checked).ShouldBeGreaterThan(0.8); // greedy answers: the same each time, 38 of 42 when this was written
        result.Parts.Select(part => part.Part).ShouldBe(["chat", "images", "long", "prefix", "questions", "structured", "turns"]);
        result.Model.ShouldBe("scout-nano");
        result.Series.Bins.Sum(bin => bin.Tokens).ShouldBeGreaterThan(100);
        counts.PromptTokens.ShouldBeGreaterThan(counts.Sent);
        File.ReadLines(Path.Combine(_folder, "requests.jsonl")).Count().ShouldBe((int)counts.Sent);
        File.ReadAllText(Path.Combine(_folder, "report.html")).ShouldContain("<svg");
    }

    [Fact]
    public async Task SyntheticLengths_AreTheServersTokens()
    {
        await RunAsync(CommandLine.Success, "run", "long.yaml", "--seconds", "3", "--rate", "1.5");

        var counts = ResultFolder.Read(_folder).Counts;
        ((double)counts.PromptTokens / counts.Sent).ShouldBeInRange(600, 1520); // as the scenario says, and what the chat layout adds
        ((double)counts.AnswerTokens / counts.Sent).ShouldBeInRange(8, 32);
    }

    [Fact]
    public async Task Soak_SamplesTheServersMemory()
    {
        await RunAsync(null, "soak", "chat.yaml", "--hours", "0.0015", "--rate", "4", "--pid", $"{server.Id}");

        var result = ResultFolder.Read(_folder);
        result.Memory!.Samples.Count.ShouldBeGreaterThan(3);
        result.Memory.Samples.ShouldAllBe(sample => sample.Bytes > 20_000_000);
        result.Verdicts.Single(verdict => verdict.Promise == "no request is lost").IsKept.ShouldBeTrue();
        result.Memory.Trend.IsFlat.ShouldBeNull(); // five seconds do not tell
    }

    [Fact]
    public async Task Chaos_SeesTheGapOfAFrozenServer()
    {
        await RunAsync(CommandLine.Success, "chaos", "chat.yaml", "--seconds", "6", "--rate", "8", "--do", $"at 2s: kill -STOP {server.Id}; sleep 1.5; kill -CONT {server.Id}");

        var fault = ResultFolder.Read(_folder).Faults.ShouldHaveSingleItem();
        fault.ExitCode.ShouldBe(0);
        fault.Streams.ShouldBeGreaterThan(5);
        fault.FailedStreams.ShouldBe(0);
        fault.GapMax.ShouldBeGreaterThan(0.7); // of the 1.5 s: with eight arrivals a second one waits through most of it
    }

    [Fact]
    public async Task FailedCommand_IsExitCode1()
    {
        await RunAsync(CommandLine.Failure, "chaos", "chat.yaml", "--seconds", "1", "--rate", "2", "--do", "at 0.2s: exit 3");

        ResultFolder.Read(_folder).Faults.ShouldHaveSingleItem().ExitCode.ShouldBe(3);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task RunAsync(int? exitCode, string verb, string scenario, params string[] options)
    {
        var code = await CommandLine.RunAsync([verb, Path.Combine(TestScenarios.Folder, scenario), "--url", server.Url, "--out", _folder, .. options], _output, _error);
        code.ShouldBe(exitCode ?? code, $"{_output}{_error}");
    }
}
