namespace Llama4.Model;

/// <summary>Everything one reference run computed; a row is one token.</summary>
/// <param name="Logits">[tokens][vocab].</param>
/// <param name="FinalNorm">[tokens][hidden], after the last RMS norm.</param>
public sealed record ReferenceOutput(float[][] Logits, float[][] FinalNorm, IReadOnlyList<ReferenceLayerOutput> Layers);

/// <param name="AttentionResidual">[tokens][hidden], the residual stream after attention.</param>
/// <param name="Output">[tokens][hidden], after the layer.</param>
/// <param name="RouterLogits">[tokens][experts]; null on dense layers.</param>
/// <param name="Experts">[tokens]; null on dense layers.</param>
public sealed record ReferenceLayerOutput(float[][] AttentionResidual, float[][] Output, float[][]? RouterLogits, int[]? Experts);
