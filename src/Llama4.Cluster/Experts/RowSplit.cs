using Llama4.Contracts;

namespace Llama4.Cluster.Experts;

/// <summary>
/// Whose each row of a layer is: its expert's group's, or, where the expert is hot, the group's and the second owner's in turns. The turns go on from step to
/// step, so that steps with one row each are split too. One caller at a time (a grain's scheduler).
/// </summary>
internal sealed class RowSplit
{
    private const int None = -1;

    /// <summary>[experts] the group, and the second owner among all owners.</summary>
    private readonly int[] _groups;
    private readonly int[] _seconds;

    /// <summary>[experts] whether the next row is the second owner's.</summary>
    private readonly bool[] _isSecond;

    /// <param name="layer">Its owners are counted like <see cref="GroupOwners.Of"/> gives them: groups, then second owners.</param>
    public RowSplit(LayerPlacement layer)
    {
        var experts = layer.ExpertGroups.Sum(group => group.Count);
        (_groups, _seconds, _isSecond) = (new int[experts], new int[experts], new bool[experts]);
        Array.Fill(_seconds, None);
        var second = layer.ExpertGroups.Length;
        foreach (var (index, group) in layer.ExpertGroups.Index())
        {
            Array.Fill(_groups, index, group.First, group.Count);
            foreach (var hot in group.Hot)
                _seconds[hot.Expert] = second++;
        }
    }

    /// <summary>Of an expert.</summary>
    public int GroupOf(int expert) => _groups[expert];

    /// <param name="chosen">[rows] experts of the layer.</param>
    /// <param name="owners">[rows] filled with an owner's number each.</param>
    public void Assign(ReadOnlySpan<int> chosen, Span<int> owners)
    {
        for (var row = 0; row < chosen.Length; row++)
        {
            var expert = chosen[row];
            owners[row] = _groups[expert];
            if (_seconds[expert] is var second and not None)
            {
                if (_isSecond[expert])
                    owners[row] = second;
                _isSecond[expert] = !_isSecond[expert];
            }
        }
    }
}
