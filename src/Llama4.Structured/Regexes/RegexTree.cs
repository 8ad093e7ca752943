namespace Llama4.Structured.Regexes;

/// <summary>The parts of a regex, as <see cref="RegexParser"/> reads them.</summary>
internal abstract record RegexTree
{
    /// <summary>One character of a set.</summary>
    public sealed record Characters(CodePoints Set) : RegexTree;

    /// <summary>All parts, one after the other; none at all is the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<RegexTree> Parts) : RegexTree;

    /// <summary>One of the branches.</summary>
    public sealed record Alternatives(IReadOnlyList<RegexTree> Branches) : RegexTree;

    /// <summary>The body at least <paramref name="Min"/> times, at most <paramref name="Max"/> (without end if null).</summary>
    public sealed record Repeated(RegexTree Body, int Min, int? Max) : RegexTree;

    /// <summary><c>\b</c>, or <c>\B</c> with <paramref name="Negated"/>: a word begins or ends here.</summary>
    public sealed record Boundary(bool Negated) : RegexTree;

    /// <summary><c>(?=…)</c>, or <c>(?!…)</c> with <paramref name="Negated"/>: the body matches from here on.</summary>
    public sealed record Look(RegexTree Body, bool Negated) : RegexTree;

    /// <summary><c>^</c>: the text starts here.</summary>
    public sealed record Start : RegexTree;

    /// <summary><c>$</c>: the text ends here.</summary>
    public sealed record End : RegexTree;
}
