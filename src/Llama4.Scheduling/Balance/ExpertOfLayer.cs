namespace Llama4.Scheduling;

/// <summary>One routed expert.</summary>
/// <param name="Expert">As numbered in the layer.</param>
public readonly record struct ExpertOfLayer(int Layer, int Expert);
