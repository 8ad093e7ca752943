namespace Llama4.Structured.Schemas;

/// <summary>How values are written: as JSON, or as what a call in Python's form may hold, where JSON's forms are right as well.</summary>
internal sealed class ValueForms
{
    /// <summary>JSON alone.</summary>
    public static readonly ValueForms Json = new() { Quotes = "\""u8.ToArray(), Null = ["null"], True = ["true"], False = ["false"] };

    /// <summary>Strings in either quote, <c>None True False</c> besides JSON's words.</summary>
    public static readonly ValueForms Python = new() { Quotes = "\"'"u8.ToArray(), Null = ["null", "None"], True = ["true", "True"], False = ["false", "False"] };

    /// <summary>
    /// A number without bounds in Python's form: an exponent of two digits at most, for a reader makes floats of them and
    /// takes no infinite ones.
    /// </summary>
    public const string PythonNumber = @"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+\-]?\d{1,2})?";

    private ValueForms()
    {
    }

    /// <summary>The quotes that a string may stand in.</summary>
    public required byte[] Quotes { get; init; }

    public required string[] Null { get; init; }

    public required string[] True { get; init; }

    public required string[] False { get; init; }
}
