namespace Llama4.Structured;

/// <summary>A schema, regex or list of choices that cannot be enforced: wrong, unsupported, contradictory or too large. The caller's mistake.</summary>
public sealed class ConstraintException : Exception
{
    /// <param name="keyword">The schema's keyword that is wrong or unsupported, or <c>regex</c>, <c>choice</c>; the message starts with it.</param>
    /// <param name="what">What was expected and found.</param>
    public ConstraintException(string keyword, string what)
        : base($"{keyword}: {what}") => Keyword = keyword;

    /// <summary>The keyword at fault.</summary>
    public string Keyword { get; }
}
