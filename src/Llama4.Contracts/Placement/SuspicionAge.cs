namespace Llama4.Contracts;

/// <summary>Which of two lists of suspects is the newer one: that of a later term, or of a later beat in one term.</summary>
[GenerateSerializer, Immutable, Alias("llama4.SuspicionAge")]
public readonly record struct SuspicionAge([property: Id(0)] long Term, [property: Id(1)] long Beat) : IComparable<SuspicionAge>
{
    public int CompareTo(SuspicionAge other) => (Term, Beat).CompareTo((other.Term, other.Beat));
}
