using Llama4.Client.Tokens;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Tests.Client;

/// <summary>With all hosts alive, one way to the engine is dead.</summary>
public class EngineLinkTests
{
    private static readonly HostId Host = new("a");

    private readonly PlanBoard _board = new();

    public EngineLinkTests() => _board.Publish(new PlacementPlan(3, Host, Host, [new LayerPlacement(0, Host, [])]));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_WithoutAnAnswer_IsMadeAnotherWay(bool submissionsToo)
    {
        var way = new DeadUntilAvoided(submissionsToo);
        var link = new EngineLink(way, _board, 0, TimeProvider.System, CancellationToken.None);

        var (result, generation) = await link.SubmitAsync(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1], TokensMax = 1 }, CancellationToken.None);

        result.Status.ShouldBe(SubmitStatus.Accepted);
        var chunks = await generation!.Chunks().ToListAsync();
        chunks.ShouldHaveSingleItem().Finish.ShouldBe(FinishReason.Length);
        way.Avoided.ShouldBeGreaterThanOrEqualTo(1);
    }

    /// <summary>Answers come, each a little later than the next poll is asked.</summary>
    [Fact]
    public async Task SlowRoundTrips_BringEveryTokenOnce()
    {
        const int Tokens = 6;
        var link = new EngineLink(new Far(Tokens), _board, 0, TimeProvider.System, CancellationToken.None);

        var (_, generation) = await link.SubmitAsync(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1], TokensMax = Tokens }, CancellationToken.None);

        var chunks = await generation!.Chunks().ToListAsync();
        chunks.Select(chunk => chunk.Index).ShouldBe(Enumerable.Range(0, Tokens));
        chunks[^1].Finish.ShouldBe(FinishReason.Length);
    }

    /// <summary>What nobody foresaw ends the requests that are open, and the next one is asked for again.</summary>
    [Fact]
    public async Task Poll_ThatFailsUnforeseen_EndsWhatIsOpenAndNotWhatComesAfter()
    {
        var link = new EngineLink(new FailsOnce(), _board, 0, TimeProvider.System, CancellationToken.None);

        (await LastAsync()).Error.ShouldBe("The answer cannot go on: by mistake");
        (await LastAsync()).Finish.ShouldBe(FinishReason.Length);

        async Task<TokenChunk> LastAsync()
        {
            var (_, generation) = await link.SubmitAsync(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1], TokensMax = 1 }, CancellationToken.None);
            return await generation!.Chunks().LastAsync();
        }
    }

    /// <summary>Polls fail, or are never answered, and the plan stays as it is: nobody is left who could tell of another one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Polls_ThatNobodyAnswers_EndTheAnswerWithAnErrorAfterAMinute(bool fails)
    {
        var clock = new SetClock();
        var link = new EngineLink(new Gone(fails), _board, 0, clock, CancellationToken.None);
        using var ticking = new Timer(Tick, null, 0, 10);

        var (_, generation) = await link.SubmitAsync(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1], TokensMax = 1 }, CancellationToken.None);

        (await generation!.Chunks().LastAsync()).Error.ShouldBe("The answer cannot go on: no engine has answered for 60 s");
        link.Open.ShouldBe(0);

        void Tick(object? state)
        {
            clock.Advance(TimeSpan.FromSeconds(0.5));
            _board.Tick();
        }
    }

    private sealed class Gone(bool fails) : IEngineWay
    {
        public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway) => Task.FromResult(SubmitResult.Accepted with { Outbox = Guid.NewGuid() });

        public Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged) =>
            fails ? throw new SiloUnavailableException("gone") : new TaskCompletionSource<EngineAnswer>().Task;

        public Task CancelAsync(HostId engine, Guid request) => Task.CompletedTask;

        public Task<EngineStatus> StatusAsync(HostId engine) => throw new NotSupportedException("not asked here");

        public void Avoid()
        {
        }
    }

    private sealed class FailsOnce : IEngineWay
    {
        private static readonly Guid Box = Guid.NewGuid();
        private Guid _request;
        private int _polls;

        public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway)
        {
            _request = request.Id;
            return Task.FromResult(SubmitResult.Accepted with { Outbox = Box });
        }

        public Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged) => _polls++ == 0
            ? throw new InvalidOperationException("by mistake")
            : Task.FromResult(new EngineAnswer(EngineState.Serving, 1, [new TokenChunk { Request = _request, Token = 7, Finish = FinishReason.Length }], Box));

        public Task CancelAsync(HostId engine, Guid request) => Task.CompletedTask;

        public Task<EngineStatus> StatusAsync(HostId engine) => throw new NotSupportedException("not asked here");

        public void Avoid()
        {
        }
    }

    /// <summary>Another token is there with each poll; answers are under way for 300 ms.</summary>
    private sealed class Far(int tokens) : IEngineWay
    {
        private static readonly Guid Box = Guid.NewGuid();
        private Guid _request;
        private int _made;

        public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway)
        {
            _request = request.Id;
            return Task.FromResult(SubmitResult.Accepted with { Outbox = Box });
        }

        public async Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged)
        {
            _made = Math.Min(tokens, _made + 1);
            var answer = new EngineAnswer(EngineState.Serving, _made, [.. Enumerable.Range((int)acknowledged, _made - (int)acknowledged).Select(Chunk)], Box);
            await Task.Delay(300);
            return answer;
        }

        public Task CancelAsync(HostId engine, Guid request) => Task.CompletedTask;

        public Task<EngineStatus> StatusAsync(HostId engine) => throw new NotSupportedException("not asked here");

        public void Avoid()
        {
        }

        private TokenChunk Chunk(int index) => new() { Request = _request, Index = index, Token = 7, Finish = index == tokens - 1 ? FinishReason.Length : null };
    }

    /// <summary>One answer, to whoever asks another way than the first.</summary>
    private sealed class DeadUntilAvoided(bool submissionsToo) : IEngineWay
    {
        private static readonly Guid Box = Guid.NewGuid();
        private Guid _request;

        public int Avoided { get; private set; }

        public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway)
        {
            _request = request.Id;
            return submissionsToo && Avoided == 0 ? new TaskCompletionSource<SubmitResult>().Task : Task.FromResult(SubmitResult.Accepted with { Outbox = Box });
        }

        public Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged)
        {
            var end = new TokenChunk { Request = _request, Token = 7, Finish = FinishReason.Length };
            return Avoided == 0 ? new TaskCompletionSource<EngineAnswer>().Task : Task.FromResult(new EngineAnswer(EngineState.Serving, 1, acknowledged < 1 ? [end] : [], Box));
        }

        public Task CancelAsync(HostId engine, Guid request) => Task.CompletedTask;

        public Task<EngineStatus> StatusAsync(HostId engine) => throw new NotSupportedException("not asked here");

        public void Avoid() => Avoided++;
    }
}
