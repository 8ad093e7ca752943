using Llama4.LoadTest.Client;

namespace Llama4.LoadTest.Tests.Client;

/// <summary>Every way in which a server may answer ends in the outcome that names it.</summary>
public class ChatClientTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(FakeServer.Head, FakeServer.Answer)]
    [InlineData(FakeServer.Head + ": hello\n\n", FakeServer.Answer)]
    [InlineData(FakeServer.Head + "data: {\"choices\":[{\"delta\":{\"content\":\"o", "ne\"}}]}\n", "\n: keep-alive\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\" two\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\ndata: [DO", "NE]\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nd\r\n", "2E\r\nata: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\r\n", "4\r\n\r\n\r\n\r\n", "D\r\n: comment\r\n\r\n\r\n", "7D\r\ndata: {\"choices\":[{\"delta\":{\"content\":\" two\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\r\n\r\n\r\n", "E\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")]
    public async Task Answer_InWhateverPieces_IsRead(params string[] texts)
    {
        var (answer, sink) = await AskAsync(texts);

        answer.Detail.ShouldBeNull();
        answer.Outcome.ShouldBe(Outcome.Ok);
        answer.Text.ShouldBe("one two");
        answer.Finish.ShouldBe("stop");
        answer.Usage.ShouldBe(new TokenUsage(7, 2, null));
        answer.Chunks.ShouldBe(2);
        sink.Tokens.Count.ShouldBe(2);
        sink.Failed.ShouldBe([false]);
        answer.Sent.ShouldBeLessThan(answer.First!.Value);
        answer.First.Value.ShouldBeLessThanOrEqualTo(answer.Last);
        answer.Last.ShouldBeLessThanOrEqualTo(answer.End);
    }

    [Theory]
    [InlineData(nameof(Outcome.Cut), "before [DONE]", FakeServer.Head, "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n")]
    [InlineData(nameof(Outcome.Cut), "without a finish reason", FakeServer.Head, "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\ndata: [DONE]\n\n")]
    [InlineData(nameof(Outcome.Cut), "", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n", "9\r\ndata: ")]
    [InlineData(nameof(Outcome.Cut), "before [DONE]", FakeServer.Head)]
    [InlineData(nameof(Outcome.Error), "host gone", FakeServer.Head, "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\nevent: error\ndata: {\"error\":{\"message\":\"host gone\"}}\n\n")]
    [InlineData(nameof(Outcome.Malformed), "expected a chunk, found hello", FakeServer.Head, "data: hello\n\n")]
    [InlineData(nameof(Outcome.Malformed), "expected text/event-stream, found application/json", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}")]
    [InlineData(nameof(Outcome.Refused), "429: slow down", "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"slow down\"}}")]
    [InlineData(nameof(Outcome.Refused), "503: <html>", "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n<html>")]
    [InlineData(nameof(Outcome.Status), "400: no such model", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"no such model\"}}")]
    [InlineData(nameof(Outcome.Status), "302: ", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(nameof(Outcome.Connect), "", "")]
    public async Task BadAnswer_IsTheOutcomeThatNamesIt(string outcome, string detail, params string[] texts)
    {
        var (answer, sink) = await AskAsync(texts);

        answer.Outcome.ToString().ShouldBe(outcome);
        answer.Detail.ShouldNotBeNull().ShouldContain(detail);
        sink.Failed.ShouldBe([true]);
    }

    [Fact]
    public async Task NobodyThere_IsConnect() =>
        (await AskAsync(new Uri($"http://{Machine.FreeEndpoint()}"), Long, CancellationToken.None)).Answer.Outcome.ShouldBe(Outcome.Connect);

    [Fact]
    public async Task EndlessAnswer_IsTimeout()
    {
        await using var server = Endless();

        var (answer, _) = await AskAsync(server.Url, TimeSpan.FromMilliseconds(300), CancellationToken.None);

        answer.Outcome.ShouldBe(Outcome.Timeout);
        (answer.End - answer.Sent).ShouldBeGreaterThan(0.25);
    }

    [Fact]
    public async Task RunThatIsOver_IsUnfinished()
    {
        await using var server = Endless();
        using var over = new CancellationTokenSource(200);

        (await AskAsync(server.Url, Long, over.Token)).Answer.Outcome.ShouldBe(Outcome.Unfinished);
    }

    [Fact]
    public async Task Gap_IsMeasuredWhereTheServerPauses()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await FakeServer.WriteAsync(stream, FakeServer.Head + FakeServer.Answer.Split("\n\n")[0] + "\n\n", over);
            await seen.Task.WaitAsync(over); // the pause begins when the client has what is before it
            await Task.Delay(400, over);
            await FakeServer.WriteAsync(stream, FakeServer.Answer[FakeServer.Answer.IndexOf("\n\n", StringComparison.Ordinal)..], over);
        });

        var (answer, sink) = await AskAsync(server.Url, Long, CancellationToken.None, seen);

        answer.Outcome.ShouldBe(Outcome.Ok);
        answer.LongestGap.ShouldBeGreaterThan(0.39);
        answer.PerToken.ShouldBe(answer.LongestGap);
        sink.Tokens.Select(token => token.First).ShouldBe([true, false]);
        sink.Tokens.Last().From.ShouldBe(sink.Tokens.First().To);
    }

    [Fact]
    public async Task ConnectionThatStaysOpenAfterDone_IsOkAndOverAtDone()
    {
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await FakeServer.WriteAsync(stream, FakeServer.Head + FakeServer.Answer, over);
            await Task.Delay(Timeout.Infinite, over);
        });

        var clock = new RunClock();
        using var client = new ChatClient(server.Url, null, clock);
        var answer = await client.AskAsync("{}"u8.ToArray(), Long, new SinkOfTest(null), CancellationToken.None);

        answer.Outcome.ShouldBe(Outcome.Ok);
        (clock.Now - answer.End).ShouldBeGreaterThan(0.9); // the end of the body was waited for, and is no part of the answer's time
    }

    [Fact]
    public async Task EndlessText_IsMalformed()
    {
        var text = $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{new string('x', 100_000)}\"}}}}]}}\n\n";
        await using var server = new FakeServer(async (_, stream, over) =>
        {
            await FakeServer.WriteAsync(stream, FakeServer.Head, over);
            while (true)
            {
                await FakeServer.WriteAsync(stream, text, over);
            }
        });

        (await AskAsync(server.Url, Long, CancellationToken.None)).Answer.Outcome.ShouldBe(Outcome.Malformed);
    }

    private static FakeServer Endless() => new(async (_, stream, over) =>
    {
        await FakeServer.WriteAsync(stream, FakeServer.Head, over);
        while (true)
        {
            await FakeServer.WriteAsync(stream, ": keep-alive\n\n", over);
            await Task.Delay(20, over);
        }
    });

    private static async Task<(Answer Answer, SinkOfTest Sink)> AskAsync(params string[] texts)
    {
        await using var server = new FakeServer(texts);
        return await AskAsync(server.Url, Long, CancellationToken.None);
    }

    private static async Task<(Answer Answer, SinkOfTest Sink)> AskAsync(Uri url, TimeSpan limit, CancellationToken over, TaskCompletionSource? seen = null)
    {
        using var client = new ChatClient(url, "key", new RunClock());
        var sink = new SinkOfTest(seen);
        return (await client.AskAsync("{}"u8.ToArray(), limit, sink, over), sink);
    }

    private sealed class SinkOfTest(TaskCompletionSource? seen) : IStreamSink
    {
        public List<(double From, double To, bool First)> Tokens { get; } = [];

        public List<bool> Failed { get; } = [];

        void IStreamSink.Tokens(long id, double from, double to, bool first)
        {
            Tokens.Add((from, to, first));
            seen?.TrySetResult();
        }

        public void Ended(long id, double from, double to, bool failed) => Failed.Add(failed);
    }
}
