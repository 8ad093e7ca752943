using System.Text.RegularExpressions;

namespace Llama4.Server.Inspect;

/// <summary>
/// The parameter table as people read it: of a stack of layers, those up to the last one that differs from all before it
/// (Scout: layer 0; Maverick: 0 dense and 1 MoE), then one line for the rest.
/// </summary>
internal static partial class CollapsedTable
{
    /// <summary>The rows to show; <c>Parameter</c> is null for a line that stands for layers.</summary>
    public static IEnumerable<(string Name, StoredParameter? Parameter)> Rows(IReadOnlyList<StoredParameter> parameters)
    {
        for (var start = 0; start < parameters.Count;)
        {
            var stack = Stack(parameters[start].Parameter.ReleasedName)?.Prefix;
            var end = start + 1;
            while (end < parameters.Count && stack is not null && Stack(parameters[end].Parameter.ReleasedName)?.Prefix == stack)
            {
                end++;
            }

            foreach (var row in stack is null ? [(parameters[start].Parameter.ReleasedName, parameters[start])] : Collapse(parameters, start, end))
            {
                yield return row;
            }

            start = end;
        }
    }

    private static IEnumerable<(string Name, StoredParameter? Parameter)> Collapse(IReadOnlyList<StoredParameter> parameters, int start, int end)
    {
        var layers = Enumerable.Range(start, end - start)
            .Select(i => parameters[i])
            .GroupBy(p => Stack(p.Parameter.ReleasedName)!.Value.Layer)
            .OrderBy(g => g.Key)
            .ToList();
        var seen = new HashSet<string>();
        var shown = Enumerable.Range(0, layers.Count).Where(i => seen.Add(Signature(layers[i]))).Last() + 1;
        foreach (var parameter in layers.Take(shown).SelectMany(layer => layer))
        {
            yield return (parameter.Parameter.ReleasedName, parameter);
        }

        if (shown < layers.Count)
        {
            yield return ($"... layers.{layers[shown].Key} to layers.{layers[^1].Key} ...", null);
        }
    }

    /// <summary>What makes two layers alike: the same names, shapes and types.</summary>
    private static string Signature(IEnumerable<StoredParameter> layer) => string.Join(
        ';',
        layer.Select(p => $"{Stack(p.Parameter.ReleasedName)!.Value.Tail} {string.Join('x', p.Parameter.Shape)} {p.Type}"));

    private static (string Prefix, int Layer, string Tail)? Stack(string name) =>
        LayerName().Match(name) is { Success: true } match
            ? (match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan), match.Groups[3].Value)
            : null;

    [GeneratedRegex(@"^(.*\.layers)\.(\d+)\.(.*)$")]
    private static partial Regex LayerName();
}
