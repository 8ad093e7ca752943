namespace Llama4.Model;

/// <summary>What a query may look at.</summary>
public enum AttentionMask : byte
{
    /// <summary>Every position before it, and itself.</summary>
    Full,

    /// <summary>Those of them in its own chunk: floor(j / chunk) = floor(p / chunk). Block-local, not a sliding window.</summary>
    Chunked,
}

/// <summary>
/// What one layer does that its neighbours may not. <c>layer_types</c> decides the mask, <c>no_rope_layers</c>
/// decides rotation, q/k norm and temperature (transformers modeling_llama4.py); they normally agree.
/// </summary>
/// <param name="Index">Layer number, from 0.</param>
/// <param name="UsesRope">Queries and keys are rotated.</param>
/// <param name="UsesQkNorm">Queries and keys are normed per head, after the rotation. Only with RoPE.</param>
/// <param name="UsesTemperature">Queries are scaled by s(p). Only without RoPE.</param>
/// <param name="Mask">Full when the config has no chunk size.</param>
/// <param name="IsMoe">Router, routed experts and shared expert; else one dense feed-forward.</param>
public sealed record LayerPlan(int Index, bool UsesRope, bool UsesQkNorm, bool UsesTemperature, AttentionMask Mask, bool IsMoe);
