namespace Llama4.Server.Bench;

/// <summary>A way to run the model whose speed is measured: through the grains, or directly.</summary>
internal interface IBenchRunner
{
    /// <summary>Brings a prompt in that was not seen before, and draws one token.</summary>
    /// <returns>Prompt tokens a second.</returns>
    Task<double> PrefillAsync(int[] prompt, CancellationToken cancellation);

    /// <summary>Lets the sequences behind these prompts decode together, greedily, past any end-of-text.</summary>
    /// <returns>Tokens a second of all sequences together, while all of them decode; prefill is not in it.</returns>
    Task<double> DecodeAsync(IReadOnlyList<int[]> prompts, int tokens, CancellationToken cancellation);
}
