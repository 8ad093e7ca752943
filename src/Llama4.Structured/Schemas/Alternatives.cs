namespace Llama4.Structured.Schemas;

/// <summary>Combines lists of alternatives, each a list of assertions that hold together.</summary>
internal sealed class Alternatives(SchemaDocument document, CompileBudget budget)
{
    /// <summary>Alternatives of one schema after multiplying out.</summary>
    private const int Max = 2_000;

    /// <summary>One alternative that asserts nothing.</summary>
    public static readonly Assertions[][] Anything = [[]];

    /// <summary>The keywords that took part in a contradiction, in order of discovery.</summary>
    public List<string> Contradictions { get; } = [];

    /// <summary>All alternatives of all branches.</summary>
    public static Assertions[][] Either(IEnumerable<Assertions[][]> branches, string keyword)
    {
        var all = new List<Assertions[]>();
        foreach (var branch in branches)
        {
            all.AddRange(branch);
            if (all.Count > Max)
            {
                throw new ConstraintException(keyword, $"expected at most {Max} alternatives in all");
            }
        }

        return [.. all];
    }

    /// <summary>Every alternative of the left together with every one of the right, without those that contradict themselves at a glance.</summary>
    public Assertions[][] Both(Assertions[][] left, Assertions[][] right)
    {
        if (ReferenceEquals(left, Anything))
        {
            return right;
        }

        if (ReferenceEquals(right, Anything))
        {
            return left;
        }

        var (all, withoutObjects) = (new List<Assertions[]>(), new HashSet<string>());
        foreach (var a in left)
        {
            foreach (var b in right)
            {
                budget.Spend(20 + a.Length + b.Length, "schema");
                var types = Types(a) & Types(b);
                if (types == JsonTypes.None)
                {
                    Contradictions.Add("type");
                    continue;
                }

                var both = Together(a, b);
                if (left.Length * right.Length > ManyMin && (types & JsonTypes.Object) != 0 && Discriminators.Exclude(both, document, budget))
                {
                    if (types == JsonTypes.Object)
                    {
                        Contradictions.Add("properties");
                        continue;
                    }

                    both = [.. both, Assertions.NoObject];
                }

                if (Array.IndexOf(both, Assertions.NoObject) >= 0)
                {
                    both = WithoutObjects(both);
                    budget.Spend(20L * both.Length, "schema");
                    if (!withoutObjects.Add(string.Join('\n', both.Select(one => one.Pointer))))
                    {
                        continue;
                    }
                }

                all.Add(both);
                if (all.Count > Max)
                {
                    throw new ConstraintException("anyOf", $"expected at most {Max} alternatives when all combinations are written out");
                }
            }
        }

        return [.. all];
    }

    private static JsonTypes Types(Assertions[] all)
    {
        var types = JsonTypes.All;
        foreach (var one in all)
        {
            types &= one.Types;
        }

        return types;
    }

    /// <summary>Each of both once, in their order.</summary>
    private static Assertions[] Together(Assertions[] left, Assertions[] right)
    {
        var count = left.Length;
        var both = new Assertions[left.Length + right.Length];
        left.CopyTo(both, 0);
        foreach (var one in right)
        {
            if (Array.IndexOf(left, one) < 0)
            {
                both[count++] = one;
            }
        }

        return count == both.Length ? both : both[..count];
    }

    /// <summary>What is left of an alternative that no object satisfies: many combinations of conditions on objects are then the same one.</summary>
    private static Assertions[] WithoutObjects(Assertions[] all) => [.. all.Where(one => !one.IsOfObjectsOnly)];

    /// <summary>Fewer combinations are not worth a closer look.</summary>
    private const int ManyMin = 3;
}
