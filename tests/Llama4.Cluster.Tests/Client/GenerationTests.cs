using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Client;

public class GenerationTests
{
    private static readonly Guid Request = Guid.NewGuid();

    [Fact]
    public async Task Chunks_ThatArriveInAnyOrderAndTwice_ComeOutInOrderAndOnce()
    {
        var generation = new Generation(new GenerateRequest { Id = Request, Prompt = [1], TokensMax = 9 }, _ => ValueTask.CompletedTask);
        foreach (var index in new[] { 2, 0, 0, 3, 1, 2 })
            generation.Take(Token(index));
        generation.Take(End(4)).ShouldBeTrue();

        var chunks = await generation.Chunks().ToListAsync();

        chunks.Select(chunk => chunk.Index).ShouldBe([0, 1, 2, 3, 4]);
        chunks[^1].Finish.ShouldBe(FinishReason.Length);
    }

    [Fact]
    public async Task Chunks_WhenTheEndArrivesFirst_WaitForWhatComesBefore()
    {
        var generation = new Generation(new GenerateRequest { Id = Request, Prompt = [1], TokensMax = 99, Emitted = new int[8] }, _ => ValueTask.CompletedTask);
        generation.Take(End(9)).ShouldBeFalse();
        generation.Take(Token(8)).ShouldBeTrue();

        (await generation.Chunks().ToListAsync()).Select(chunk => chunk.Index).ShouldBe([8, 9]);
    }

    [Fact]
    public async Task Prompt_ToldInPiecesTwiceAndOverlapping_ComesOutOnceAndBeforeTheAnswer()
    {
        var generation = new Generation(Asked(prompt: 8), _ => ValueTask.CompletedTask);
        generation.Take(Told(1, 3));
        generation.Take(Token(0));
        generation.Take(Told(1, 3));
        generation.Rest().PromptReported.ShouldBe(4);
        generation.Take(Told(2, 5));
        generation.Take(Told(7, 1) with { Token = 5, Index = 0 });
        generation.Take(End(1)).ShouldBeTrue();

        var chunks = await generation.Chunks().ToListAsync();

        chunks.SelectMany(chunk => chunk.Prompt?.Tokens ?? []).Select(token => token.Rank).ShouldBe([1, 2, 3, 4, 5, 6, 7]);
        chunks.Where(chunk => chunk.Token is not null).Select(chunk => chunk.Index).ShouldBe([0]);
        chunks[^1].Finish.ShouldBe(FinishReason.Length);
    }

    [Fact]
    public async Task Error_InMidPrompt_EndsTheAnswer()
    {
        var generation = new Generation(Asked(prompt: 8), _ => ValueTask.CompletedTask);
        generation.Take(Told(1, 3));

        generation.Take(new TokenChunk { Request = Request, Index = 0, Finish = FinishReason.Error, Error = "gone" }).ShouldBeTrue();

        (await generation.Chunks().ToListAsync())[^1].Error.ShouldBe("gone");
    }

    [Fact]
    public async Task Rest_OfAnAnswerThatHasBegun_AsksForNothingOfItsPrompt()
    {
        var generation = new Generation(Asked(prompt: 3), _ => ValueTask.CompletedTask);
        generation.Take(Told(1, 2) with { Token = 5, Index = 0 });

        var rest = generation.Rest();

        rest.PromptReported.ShouldBe(3);
        rest.Emitted.ShouldBe([5]);
        var after = new Generation(rest, _ => ValueTask.CompletedTask);
        after.Take(Token(1));
        after.Take(End(2)).ShouldBeTrue();
        (await after.Chunks().ToListAsync()).Select(chunk => chunk.Index).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Fail_AfterSomeTokens_EndsWithTheError()
    {
        var generation = new Generation(new GenerateRequest { Id = Request, Prompt = [1], TokensMax = 9 }, _ => ValueTask.CompletedTask);
        generation.Take(Token(0));

        generation.Fail("gone");
        generation.Fail("gone twice");
        generation.Take(Token(1));

        var chunks = await generation.Chunks().ToListAsync();
        chunks.Count.ShouldBe(2);
        chunks[1].Error.ShouldBe("gone");
    }

    [Fact]
    public async Task Dispose_CancelsOnce_AndNotWhatHasEnded()
    {
        var cancelled = 0;
        ValueTask Cancel(Guid id)
        {
            cancelled++;
            return ValueTask.CompletedTask;
        }
        var running = new Generation(new GenerateRequest { Id = Request, Prompt = [1], TokensMax = 9 }, Cancel);
        await running.DisposeAsync();
        await running.DisposeAsync();
        cancelled.ShouldBe(1);

        var ended = new Generation(new GenerateRequest { Id = Request, Prompt = [1], TokensMax = 9 }, Cancel);
        ended.Take(End(0));
        await ended.DisposeAsync();

        cancelled.ShouldBe(1);
    }

    private static TokenChunk Token(int index) => new() { Request = Request, Index = index, Token = index };

    private static GenerateRequest Asked(int prompt) => new() { Id = Request, Prompt = new int[prompt], TokensMax = 9, PromptLogprobs = 0 };

    /// <summary>Each token's rank is its index.</summary>
    private static TokenChunk Told(int first, int count) => new()
    {
        Request = Request, Prompt = new PromptLogprobs(first, [.. Enumerable.Range(first, count).Select(rank => new PromptLogprob(-1, rank, []))]),
    };

    private static TokenChunk End(int index) => new() { Request = Request, Index = index, Finish = FinishReason.Length };
}
