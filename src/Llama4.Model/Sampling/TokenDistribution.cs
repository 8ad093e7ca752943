using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>What one draw can give.</summary>
/// <param name="Probabilities">Every token that can be drawn, by id; they sum to 1.</param>
/// <param name="Top">Log-probabilities of the raw logits, best first.</param>
public sealed record TokenDistribution(IReadOnlyList<TokenProbability> Probabilities, IReadOnlyList<TokenLogprob> Top);

public readonly record struct TokenProbability(int Id, double Probability);
