using Llama4.Model;

namespace Llama4.Server.Bench;

/// <summary>What a model's work comes to, counted from its shapes: the yardsticks that turn tokens a second into shares of the machine.</summary>
internal sealed class ModelCosts(Llama4Config config)
{
    /// <summary>Weights are bf16 on the device.</summary>
    private const long WeightBytes = 2;

    private readonly long _expert = 3L * config.HiddenSize * config.ExpertWidth;

    /// <summary>Parameters that every row is multiplied with, experts and vocabulary not counted.</summary>
    private readonly long _everyRow = ParameterTable.Text(config)
        .Where(p => p.Kind is ParameterKind.Attention or ParameterKind.Routers or ParameterKind.SharedExperts or ParameterKind.DenseFeedForward)
        .Sum(p => p.Count);

    private readonly long _output = (long)config.VocabSize * config.HiddenSize;

    /// <summary>
    /// Operations of a prompt's prefill, a multiply-add counted as two: matrices, attention scores and sums over what each position
    /// sees, and one row of logits. Norms, RoPE and activations are left out (below 1 %).
    /// </summary>
    public double PrefillFlops(int tokens)
    {
        var matrices = 2.0 * tokens * (_everyRow + (double)_expert * config.Layers.Count(l => l.IsMoe));
        var attention = config.Layers.Sum(layer => 4.0 * config.Heads * config.HeadDim * PositionsSeen(layer, tokens));
        return matrices + attention + 2.0 * _output;
    }

    /// <summary>Bytes of weights that one decode step reads, each touched expert once.</summary>
    /// <param name="rows">Sequences in the step: each reads a row of the embedding table.</param>
    /// <param name="touchedExperts">Different experts chosen by the step's rows, summed over the layers.</param>
    public double DecodeBytes(int rows, double touchedExperts) =>
        WeightBytes * (_everyRow + _expert * touchedExperts + _output + (double)rows * config.HiddenSize);

    /// <summary>Keys that all positions together attend to.</summary>
    private double PositionsSeen(LayerPlan layer, int tokens)
    {
        var chunk = layer.Mask == AttentionMask.Chunked ? config.AttentionChunk!.Value : int.MaxValue;
        var (whole, rest) = Math.DivRem(tokens, chunk);
        return whole * Triangle(chunk) + Triangle(rest);

        static double Triangle(int n) => n * (n + 1.0) / 2;
    }
}
