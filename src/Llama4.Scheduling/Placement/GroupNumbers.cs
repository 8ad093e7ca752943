namespace Llama4.Scheduling;

/// <summary>
/// Numbers a layer's groups 0, 1, 2 ... A group keeps the number it had, so that the grain with that number stays on its host, unless there
/// are fewer groups now.
/// </summary>
internal static class GroupNumbers
{
    public static void Assign(List<ExpertRange> ranges)
    {
        var taken = new bool[ranges.Count];
        foreach (var range in ranges)
        {
            if (range.Group >= 0 && range.Group < taken.Length && !taken[range.Group])
            {
                taken[range.Group] = true;
            }
            else
            {
                range.Group = PlanLayout.None;
            }
        }

        foreach (var range in ranges.Where(range => range.Group == PlanLayout.None))
        {
            range.Group = Array.IndexOf(taken, false);
            taken[range.Group] = true;
        }
    }
}
