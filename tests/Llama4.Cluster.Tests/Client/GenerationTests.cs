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

    private static TokenChunk End(int index) => new() { Request = Request, Index = index, Finish = FinishReason.Length };
}
