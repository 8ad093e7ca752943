using System.Runtime.CompilerServices;
using Llama4.Contracts;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Doors;

/// <summary>
/// The cluster as an answer sees it that goes on elsewhere: the tokens that its client has come once more, out of memory, then those that follow. So its text, stop
/// strings and calls are made of the whole answer, as if nothing had happened.
/// </summary>
internal sealed class ResumedGeneration(IGenerationClient cluster, int[] emitted) : IGenerationClient
{
    private readonly Queue<int?> _tokens = new();

    /// <summary>The token of the next chunk that was read; null for one that only ends the answer.</summary>
    public int? NextToken() => _tokens.Dequeue();

    /// <summary>Under an id of its own: the attempt before may still have one, which its host ends in its own time.</summary>
    public async ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        if (emitted.Length > 0 && emitted.Length >= request.TokensMax)
        {
            throw ApiError.Invalid($"The answer has {request.TokensMax} tokens, and {emitted.Length} were emitted: nothing is left.", null);
        }

        var rest = request with { Id = Guid.NewGuid(), Emitted = emitted };
        var (result, generation) = await cluster.SubmitAsync(rest, cancellation);
        return (result, generation is null ? null : new Whole(this, rest, generation));
    }

    public ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation) => cluster.StatusAsync(cancellation);

    private sealed class Whole(ResumedGeneration owner, GenerateRequest request, IGeneration rest) : IGeneration
    {
        public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            for (var i = 0; i < request.Emitted.Length; i++)
            {
                owner._tokens.Enqueue(request.Emitted[i]);
                yield return new TokenChunk { Request = request.Id, Index = i, Token = request.Emitted[i] };
            }

            await foreach (var chunk in rest.Chunks(cancellation))
            {
                owner._tokens.Enqueue(chunk.Token);
                yield return chunk;
            }
        }

        public ValueTask DisposeAsync() => rest.DisposeAsync();
    }
}
