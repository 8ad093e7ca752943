using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llama4.Contracts;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>A generation whose chunks a test writes: all at once, or one by one while the answer runs.</summary>
internal sealed class ScriptedGeneration(GenerateRequest request) : IGeneration
{
    private readonly Channel<TokenChunk> _chunks = Channel.CreateUnbounded<TokenChunk>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public GenerateRequest Request { get; } = request;

    /// <summary>Completes when the gateway lets go of the sequence.</summary>
    public Task Disposed => _disposed.Task;

    public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var chunk in _chunks.Reader.ReadAllAsync(cancellation))
        {
            yield return chunk;
        }
    }

    public void Token(int id, FinishReason? finish = null, double? logprob = null, TokenLogprob[]? top = null, int cached = 0, TokenHop[]? path = null) => Write(new TokenChunk
    {
        Request = Request.Id,
        Index = _count++,
        Token = id,
        Finish = finish,
        Logprob = logprob,
        TopLogprobs = top,
        CachedTokens = cached,
        Path = path,
    });

    /// <summary>
    /// What is asked about the prompt, in two pieces: token i has log-probability -i and rank i + 1, and the best are ids 0, 1, ... at -0.5, -1.5, ...
    /// </summary>
    public void TellPrompt()
    {
        if (Request.PromptLogprobs is not { } top || Request.Prompt.Length < 2)
        {
            return;
        }

        var told = Enumerable.Range(1, Request.Prompt.Length - 1)
            .Select(i => new PromptLogprob(-i, i + 1, [.. Enumerable.Range(0, top).Select(id => new TokenLogprob(id, -0.5 - id))])).ToArray();
        Write(new TokenChunk { Request = Request.Id, Prompt = new PromptLogprobs(1, told[..(told.Length / 2)]) });
        Write(new TokenChunk { Request = Request.Id, Prompt = new PromptLogprobs(1 + told.Length / 2, told[(told.Length / 2)..]) });
    }

    public void Text(string text)
    {
        foreach (var id in ScoutNano.Tokenizer.Encode(text))
        {
            Token(id);
        }
    }

    public void End(FinishReason finish, string? error = null, bool isOfRequest = false) =>
        Write(new TokenChunk { Request = Request.Id, Index = _count, Finish = finish, Error = error, IsOfRequest = isOfRequest });

    /// <summary>Ends the chunks without a finish, which a sound cluster never does.</summary>
    public void BreakOff() => _chunks.Writer.Complete();

    public ValueTask DisposeAsync()
    {
        _chunks.Writer.TryComplete();
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private void Write(TokenChunk chunk) => _chunks.Writer.TryWrite(chunk);
}
