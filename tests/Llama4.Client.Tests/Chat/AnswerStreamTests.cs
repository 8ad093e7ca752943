using Llama4.Client.Chat;
using Llama4.Contracts;

namespace Llama4.Client.Tests.Chat;

/// <summary>Hosts that do as they are told: what comes out is each token once, in order, whatever happens between.</summary>
public class AnswerStreamTests
{
    private static readonly int[] Answer = [11, 12, 13, 14, 15, 16];
    private static readonly ChatError Busy = new(429, "rate_limit_error", "full", Code: "rate_limit_exceeded", RetryAfterSeconds: 1);
    private static readonly ChatError Closed = new(503, "server_error", "This host is shutting down.", Code: "service_unavailable", RetryAfterSeconds: 1);

    [Fact]
    public async Task Host_ThatForgetsTheAnswer_IsAskedToGoOnWithWhatTheClientHas()
    {
        var hosts = new Hosts((host, at) => host == 0 && at == 3 ? ChatAnswer.Unknown : null);

        var tokens = await hosts.TokensAsync();

        tokens.ShouldBe(Answer);
        hosts.Submissions.Select(submission => submission.Emitted.Length).ShouldBe([0, 3]);
        hosts.Submissions.Select(submission => submission.Chat).Distinct().Count().ShouldBe(1);
        hosts.Submissions.Select(submission => submission.Answer).Distinct().Count().ShouldBe(2);
        hosts.Cancelled.ShouldContain(hosts.Submissions[0].Answer);
    }

    [Fact]
    public async Task Host_ThatDoesNotAnswer_IsLeftForAnother()
    {
        var hosts = new Hosts((host, at) => host == 0 && at == 2 ? Never : null);

        (await hosts.TokensAsync()).ShouldBe(Answer);

        hosts.Submissions.Select(submission => submission.Emitted.Length).ShouldBe([0, 2]);
    }

    [Fact]
    public async Task Answer_ThatIsLostOnTheWay_IsAskedForAgain()
    {
        var lost = 0;
        var hosts = new Hosts((_, at) => at == 2 && lost++ == 0 ? Never : null);

        (await hosts.TokensAsync()).ShouldBe(Answer);

        hosts.Submissions.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Pieces_ThatComeTwice_AreGivenOnce()
    {
        var hosts = new Hosts((_, _) => null) { Repeats = true };

        (await hosts.TokensAsync()).ShouldBe(Answer);
    }

    [Fact]
    public async Task Host_ThatShutsDown_HandsTheAnswerOver()
    {
        var hosts = new Hosts((host, at) => host == 0 && at == 4 ? new ChatAnswer(ChatState.Serving, [], Closed) : null);

        (await hosts.TokensAsync()).ShouldBe(Answer);

        hosts.Submissions.Select(submission => submission.Emitted.Length).ShouldBe([0, 4]);
    }

    [Fact]
    public async Task Refusal_OfANewRequest_IsToldAtOnce()
    {
        var hosts = new Hosts((_, _) => null) { Start = _ => new ChatAnswer(ChatState.Serving, [], Busy) };

        var error = await Should.ThrowAsync<Llama4Exception>(hosts.TokensAsync);

        (error.Status, error.Code, error.RetryAfter).ShouldBe((429, "rate_limit_exceeded", TimeSpan.FromSeconds(1)));
        hosts.Submissions.Count.ShouldBe(1);
    }

    [Fact]
    public async Task FullQueue_InMidAnswer_IsWaitedFor()
    {
        var hosts = new Hosts((host, at) => host == 0 && at == 2 ? ChatAnswer.Unknown : null) { Start = tries => tries is 1 or 2 ? new ChatAnswer(ChatState.Serving, [], Busy) : ChatAnswer.Nothing };

        (await hosts.TokensAsync()).ShouldBe(Answer);

        hosts.Submissions.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Cluster_ThatServesNoChats_IsGivenUp()
    {
        var hosts = new Hosts((_, _) => null) { Start = _ => new ChatAnswer(ChatState.Serving, [], Closed), Clock = new FastClock() };

        var error = await Should.ThrowAsync<Llama4Exception>(hosts.TokensAsync);

        (error.Status, error.Code).ShouldBe((503, "service_unavailable"));
        hosts.Submissions.Count.ShouldBeGreaterThanOrEqualTo(4);
    }

    /// <summary>A call that nobody answers.</summary>
    private static readonly ChatAnswer Never = new(ChatState.Serving, []);

    /// <param name="disturb">By host and tokens that the client has: what comes instead of the next token.</param>
    private sealed class Hosts(Func<long, int, ChatAnswer?> disturb)
    {
        private long _first = -1;

        public List<ChatSubmission> Submissions { get; } = [];

        public List<Guid> Cancelled { get; } = [];

        public bool Repeats { get; init; }

        /// <summary>By how many were submitted before.</summary>
        public Func<int, ChatAnswer> Start { get; init; } = _ => ChatAnswer.Nothing;

        public TimeProvider Clock { get; init; } = TimeProvider.System;

        public async Task<int[]> TokensAsync()
        {
            var stream = new AnswerStream(number => new Host(this, number - (_first = _first < 0 ? number : _first)), Clock, "test");
            using var limit = new CancellationTokenSource(OneHost.Limit);
            var pieces = await stream.PiecesAsync([], limit.Token).ToListAsync(limit.Token);
            pieces[^1].Finish.ShouldBe("stop");
            return [.. pieces.Select(piece => piece.Token!.Value)];
        }

        private sealed class Host(Hosts all, long number) : IChatGrain
        {
            private ChatSubmission? _submission;

            public ValueTask<string[]> ModelsAsync() => ValueTask.FromResult<string[]>(["test"]);

            public ValueTask<ChatAnswer> StartAsync(ChatSubmission submission)
            {
                all.Submissions.Add(_submission = submission);
                return ValueTask.FromResult(all.Start(all.Submissions.Count - 1));
            }

            public ValueTask<ChatAnswer> PollAsync(Guid answer, int acknowledged)
            {
                answer.ShouldBe(_submission!.Answer);
                var has = _submission.Emitted.Length + acknowledged;
                if (disturbed(has) is { } instead)
                {
                    return ReferenceEquals(instead, Never) ? new ValueTask<ChatAnswer>(new TaskCompletionSource<ChatAnswer>().Task) : ValueTask.FromResult(instead);
                }

                var from = all.Repeats ? 0 : acknowledged;
                return ValueTask.FromResult(new ChatAnswer(ChatState.Serving, [.. Enumerable.Range(from, acknowledged + 1 - from).Select(Piece)]));

                ChatAnswer? disturbed(int at) => all.Disturb(number, at);
            }

            public ValueTask CancelAsync(Guid answer)
            {
                lock (all.Cancelled)
                {
                    all.Cancelled.Add(answer);
                }

                return ValueTask.CompletedTask;
            }

            private ChatPiece Piece(int index)
            {
                var at = _submission!.Emitted.Length + index;
                return new ChatPiece { Number = index + 1, Token = Answer[at], Finish = at == Answer.Length - 1 ? "stop" : null };
            }
        }

        private ChatAnswer? Disturb(long host, int at) => disturb(host, at);
    }

    /// <summary>Each look at it is a second later; waits are over at once.</summary>
    private sealed class FastClock : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _seconds);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime < TimeSpan.FromMilliseconds(100) ? TimeSpan.Zero : dueTime, period);
    }
}
