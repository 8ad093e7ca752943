using System.Runtime.CompilerServices;
using Llama4.Contracts;

namespace Llama4.Gateway.Answers;

/// <summary>
/// What is told of a prompt once, with the first of its answers, for the others too: each of them has it before its first token. The first is read on beside the others.
/// </summary>
internal sealed class SharedPrompt(int promptTokens)
{
    private readonly List<PromptLogprob> _told = [];
    private readonly TaskCompletionSource _isTold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool IsComplete => _told.Count >= promptTokens - 1;

    /// <summary>The generation that tells it.</summary>
    public IGeneration First(IGeneration generation) => new Teller(this, generation);

    /// <summary>One that is told nothing by the cluster.</summary>
    public IGeneration Other(IGeneration generation) => new Told(this, generation);

    private sealed class Teller(SharedPrompt prompt, IGeneration generation) : IGeneration
    {
        public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await foreach (var chunk in generation.Chunks(cancellation))
            {
                prompt._told.AddRange(chunk.Prompt?.Tokens ?? []);
                if (prompt.IsComplete || chunk.Finish is not null)
                {
                    prompt._isTold.TrySetResult();
                }

                yield return chunk;
            }
        }

        public ValueTask DisposeAsync() => generation.DisposeAsync();
    }

    private sealed class Told(SharedPrompt prompt, IGeneration generation) : IGeneration
    {
        public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await prompt._isTold.Task.WaitAsync(cancellation);
            if (prompt._told.Count > 0)
            {
                yield return new TokenChunk { Request = Guid.Empty, Prompt = new PromptLogprobs(1, [.. prompt._told]) };
            }

            await foreach (var chunk in generation.Chunks(cancellation))
            {
                yield return chunk;
            }
        }

        public ValueTask DisposeAsync() => generation.DisposeAsync();
    }
}
