namespace Llama4.Structured.Schemas;

/// <summary>
/// Names of schemas: JSON pointers into the document, and what is made of them. <c>!p</c> is the negation of <c>p</c>,
/// <c>?</c> the schema that everything satisfies, <c>=n</c> the n-th value that something must (or must not) equal. What starts with <c>~</c> names assertions that stand nowhere in the text.
/// </summary>
internal static class SchemaPointer
{
    /// <summary>What everything satisfies.</summary>
    public const string Anything = "?";

    /// <summary>What nothing satisfies.</summary>
    public const string Nothing = "!?";

    /// <summary>Whether this is the negation of another.</summary>
    public static bool IsNegation(string pointer) => pointer.StartsWith('!');

    /// <summary>The schema of all values that do not satisfy this one.</summary>
    public static string Not(string pointer) => IsNegation(pointer) ? pointer[1..] : "!" + pointer;
}
