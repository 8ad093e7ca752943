namespace Llama4.Model;

/// <summary>What a parameter belongs to, for sums by kind.</summary>
public enum ParameterKind
{
    Experts,
    SharedExperts,
    Attention,
    DenseFeedForward,
    Embeddings,
    Norms,
    Routers,
    Vision,
}

/// <summary>One tensor that a config calls for.</summary>
/// <param name="Name">Without prefix for the text model; see <see cref="TensorNames"/>.</param>
/// <param name="Shape">As in the checkpoint.</param>
public sealed record Parameter(string Name, ParameterKind Kind, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count { get; } = Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>The name as in the released checkpoints.</summary>
    public string ReleasedName => Kind == ParameterKind.Vision ? Name : TensorNames.Released(Name);
}
