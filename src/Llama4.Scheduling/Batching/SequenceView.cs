using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// What the sampler needs of one sequence. The memories are views without a copy: their contents never change, and a view
/// stays valid (it does not grow) when the sequence goes on.
/// </summary>
/// <param name="Request">Settings, seed and choice.</param>
/// <param name="Prompt">Ids of the prompt.</param>
/// <param name="Output">Ids of the answer so far, <see cref="GenerateRequest.Emitted"/> included.</param>
public readonly record struct SequenceView(GenerateRequest Request, ReadOnlyMemory<int> Prompt, ReadOnlyMemory<int> Output)
{
    public SamplingSettings Sampling => Request.Sampling;

    public ulong Seed => Request.Seed;

    public int Choice => Request.Choice;

    /// <summary>Absolute position of the next token: prompt and answer counted from 0.</summary>
    public int Position => Prompt.Length + Output.Length;

    /// <summary>0-based index of the next token in the answer.</summary>
    public int Index => Output.Length;
}
