namespace Llama4.Tokenization.ToolCalls;

/// <summary>The names of the tools on offer, in an order that finds beginnings of them.</summary>
internal sealed class ToolNames(IEnumerable<string> names)
{
    private readonly string[] _sorted = [.. names.Distinct().Order(StringComparer.Ordinal)];

    public bool Contains(string name) => Array.BinarySearch(_sorted, name, StringComparer.Ordinal) >= 0;

    /// <summary>Whether a name begins like this.</summary>
    public bool AnyBegins(string start)
    {
        var at = Array.BinarySearch(_sorted, start, StringComparer.Ordinal);
        at = at < 0 ? ~at : at;
        return at < _sorted.Length && _sorted[at].StartsWith(start, StringComparison.Ordinal);
    }
}
