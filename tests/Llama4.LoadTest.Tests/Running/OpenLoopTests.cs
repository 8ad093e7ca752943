using System.Text.Json.Nodes;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;
using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Tests.Client;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Tests.Running;

public class OpenLoopTests
{
    [Fact]
    public async Task FrozenServer_IsSparedNothingAndTimesCountFromTheIntendedArrivals()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await gate.Task.WaitAsync(over);
            await FakeServer.WriteAsync(stream, FakeServer.Head + FakeServer.Answer, over);
        });
        var scenario = TestScenarios.Synthetic(seconds: 1, rate: 40);
        var due = Due(scenario);

        var running = RunAsync(scenario, server.Url);
        await UntilAsync(() => server.Bodies.Count == due); // all are sent while none is answered
        var frozen = await DelayAsync(1.2);
        gate.SetResult();
        var result = await running;

        result.Counts.Sessions.ShouldBe(due);
        result.Counts.Outcomes.ShouldBe(new Dictionary<Outcome, long> { [Outcome.Ok] = due });
        result.Counts.AnswerTokens.ShouldBe(2 * due);
        result.Series.Bins.Max(bin => bin.InFlight).ShouldBe(due);
        result.Latency.Ttft.Max.ShouldBeGreaterThan(frozen);
        result.Latency.Ttft.Max.ShouldBeGreaterThanOrEqualTo(result.Latency.TtftFromSend.Max * 0.99);
        result.Latency.Ttft.Count.ShouldBe(due);
    }

    [Fact]
    public async Task BeyondTheBound_ArrivalsAreCountedAsShed()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await gate.Task.WaitAsync(over);
            await FakeServer.WriteAsync(stream, FakeServer.Head + FakeServer.Answer, over);
        });
        var scenario = TestScenarios.Synthetic(seconds: 1, rate: 40, inFlight: 5);

        var due = Due(scenario);
        var recorder = new Recorder(scenario, null);
        var running = RunAsync(scenario, server.Url, recorder);
        await UntilAsync(() => recorder.Counts().ShedSessions == due - 5);
        gate.SetResult();
        var result = await running;

        result.Counts.Sessions.ShouldBe(due);
        result.Counts.Sent.ShouldBe(5);
        result.Counts.ShedSessions.ShouldBe(due - 5);
        result.Series.Bins.Sum(bin => bin.Shed).ShouldBe(due - 5);
        result.Rates.SloShare.ShouldBe(5.0 / due); // what was shed is not good
        recorder.InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task BeyondTheBoundOfSessions_ArrivalsAreCountedAsShed()
    {
        await using var server = new FakeServer(FakeServer.Head + FakeServer.Answer);
        var scenario = TestScenarios.Synthetic(seconds: 1, rate: 30) with { SessionsMax = 1, DrainSeconds = 0.2, Parts = [new TurnsPart { Turns = new(2, 2), ThinkSeconds = 3600 }] };

        var counts = (await RunAsync(scenario, server.Url)).Counts;

        counts.Sessions.ShouldBe(counts.ShedSessions + counts.Sent); // each of those begun asked once, and thinks beyond the end
        counts.EndedSessions.ShouldBe(counts.Sent);
    }

    [Fact]
    public async Task Dialog_HasAllBeforeInItsPromptAndIsCountedWhereItEndsEarly()
    {
        await using var server = new FakeServer(FakeServer.Head + FakeServer.Answer);
        var scenario = TestScenarios.Synthetic(seconds: 30) with { Parts = [new TurnsPart { Turns = new(3, 3), ThinkSeconds = 0.01 }], Fields = new JsonObject { ["user"] = "u" } };

        var counts = (await RunAsync(scenario with { Seconds = 10 }, server.Url, arrivals: [new Arrival(0, 0)])).Counts;

        counts.Sent.ShouldBe(3);
        counts.EndedSessions.ShouldBe(0);
        var last = JsonNode.Parse(server.Bodies.Last())!;
        last["messages"]!.AsArray().Select(message => message!["role"]!.GetValue<string>()).ShouldBe(["user", "assistant", "user", "assistant", "user"]);
        last["messages"]![1]!["content"]!.GetValue<string>().ShouldBe("one two");
        last["user"]!.GetValue<string>().ShouldBe("u");
        last["stream_options"]!["include_usage"]!.GetValue<bool>().ShouldBeTrue();
        last["model"]!.GetValue<string>().ShouldBe("m");
    }

    [Fact]
    public async Task FailedTurn_EndsItsDialog()
    {
        await using var server = new FakeServer("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        var scenario = TestScenarios.Synthetic() with { Parts = [new TurnsPart { Turns = new(3, 3), ThinkSeconds = 0.01 }] };

        var result = await RunAsync(scenario, server.Url, arrivals: [new Arrival(0, 0)]);

        result.Counts.Sent.ShouldBe(1);
        result.Counts.EndedSessions.ShouldBe(1);
        result.Counts.Lost.ShouldBe(0); // refused at once is not lost
        result.Failures.ShouldHaveSingleItem().Count.ShouldBe(1);
    }

    [Fact]
    public async Task WhatIsNotOverInTime_IsUnfinishedAndCountsWithTheTimeWaited()
    {
        await using var server = new FakeServer((_, _, over) => Task.Delay(Timeout.Infinite, over));
        var scenario = TestScenarios.Synthetic(seconds: 0.5, rate: 20) with { DrainSeconds = 0.3 };

        var result = await RunAsync(scenario, server.Url);

        result.Counts.Sent.ShouldBeGreaterThan(0);
        result.Counts.Of(Outcome.Unfinished).ShouldBe(result.Counts.Sent);
        result.Counts.Lost.ShouldBe(result.Counts.Sent);
        result.Latency.Ttft.Count.ShouldBe(result.Counts.Sent);
        result.Latency.Ttft.Max.ShouldBeGreaterThan(0.29);
    }

    [Fact]
    public async Task Stop_EndsARunEarly()
    {
        await using var server = new FakeServer((_, _, over) => Task.Delay(Timeout.Infinite, over));
        using var stop = new CancellationTokenSource();
        var scenario = TestScenarios.Synthetic(seconds: 3600);

        var running = RunAsync(scenario, server.Url, stop: stop.Token);
        await UntilAsync(() => server.Bodies.Count > 3);
        await stop.CancelAsync();
        var counts = (await running).Counts;

        counts.Of(Outcome.Unfinished).ShouldBe(counts.Sent);
    }

    [Fact]
    public async Task MistakeOfOurs_FailsTheRun()
    {
        await using var server = new FakeServer(FakeServer.Head + FakeServer.Answer);
        var scenario = TestScenarios.Synthetic() with { Parts = [], Arrivals = new ArrivalSettings { Process = ArrivalProcess.Recorded, File = "r" } };

        await Should.ThrowAsync<LoadTestException>(RunAsync(scenario, server.Url, arrivals: [new Arrival(0, 0)]));
    }

    private static int Due(Scenario scenario) => Processes.Of(scenario.Arrivals, scenario.Seed, scenario.Seconds).Count();

    private static async Task<LoadResult> RunAsync(Scenario scenario, Uri url, Recorder? recorder = null, IEnumerable<Arrival>? arrivals = null, CancellationToken stop = default)
    {
        var clock = new RunClock();
        recorder ??= new Recorder(scenario, null);
        using var client = new ChatClient(url, null, clock);
        await new OpenLoop(scenario, "m", client, recorder, clock).RunAsync(arrivals ?? Processes.Of(scenario.Arrivals, scenario.Seed, scenario.Seconds), 0, stop);
        return Summary.Of("run", scenario, new Target(url, null, "m"), DateTimeOffset.UnixEpoch, clock.Now, false, recorder);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var clock = new RunClock(); !holds(); await Task.Delay(10))
        {
            clock.Now.ShouldBeLessThan(60);
        }
    }

    private static async Task<double> DelayAsync(double seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds + 0.01));
        return seconds;
    }
}
