namespace Llama4.Structured.Regexes;

/// <summary>A regex as a graph of nodes without backtracking: each either takes a character, or branches, or demands an end of the text.</summary>
internal sealed class RegexGraph
{
    /// <summary>The node where a match is complete.</summary>
    public const int Accept = 0;

    private readonly CompileBudget _budget;
    private readonly string _keyword;
    private readonly List<Node> _nodes = [new(NodeKind.Accept, null, [])];

    private RegexGraph(CompileBudget budget, string keyword) => (_budget, _keyword) = (budget, keyword);

    public enum NodeKind
    {
        Accept,
        Characters,
        Branch,
        Start,
        End,
        Boundary,
        NotBoundary,
    }

    /// <summary>Whether some node asks where words begin and end.</summary>
    public bool HasBoundaries => _nodes.Exists(node => node.Kind is NodeKind.Boundary or NodeKind.NotBoundary);

    /// <summary>The node where a match begins.</summary>
    public int Entry { get; private set; }

    /// <summary>The node that takes any character after a match that was found, -1 where a match is the whole text.</summary>
    public int Anything { get; private set; } = -1;

    /// <summary>All nodes; a node is named by its index.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <param name="search">Whether the match may stand anywhere in the text; else it is the whole text.</param>
    public static RegexGraph Of(RegexTree tree, bool search, CompileBudget budget, string keyword)
    {
        var graph = new RegexGraph(budget, keyword);
        if (!search)
        {
            graph.Entry = graph.Build(tree, Accept);
            return graph;
        }

        var found = graph.AnythingThen(Accept);
        graph.Anything = graph._nodes[found].Next[0];
        graph.Entry = graph.AnythingThen(graph.Build(tree, found));
        return graph;
    }

    private int AnythingThen(int next) => Build(new RegexTree.Repeated(new RegexTree.Characters(CodePoints.All), 0, null), next);

    /// <summary>Adds what matches <paramref name="tree"/> and then goes on at <paramref name="next"/>; gives its first node.</summary>
    private int Build(RegexTree tree, int next)
    {
        switch (tree)
        {
            case RegexTree.Characters characters:
                return Add(NodeKind.Characters, characters.Set, next);
            case RegexTree.Boundary boundary:
                return Add(boundary.Negated ? NodeKind.NotBoundary : NodeKind.Boundary, null, next);
            case RegexTree.Look:
                throw new ConstraintException(_keyword, "lookahead is supported only at the start of the text, behind ^ where the regex is searched for");
            case RegexTree.Start:
                return Add(NodeKind.Start, null, next);
            case RegexTree.End:
                return Add(NodeKind.End, null, next);
            case RegexTree.Sequence sequence:
                for (var i = sequence.Parts.Count - 1; i >= 0; i--)
                {
                    next = Build(sequence.Parts[i], next);
                }

                return next;
            case RegexTree.Alternatives alternatives:
                return Add(NodeKind.Branch, null, [.. alternatives.Branches.Select(branch => Build(branch, next))]);
            case RegexTree.Repeated repeated:
                return BuildRepeated(repeated, next);
            default:
                throw new InvalidOperationException($"a regex has no part {tree}");
        }
    }

    private int BuildRepeated(RegexTree.Repeated repeated, int next)
    {
        var after = next;
        if (repeated.Max is not { } max)
        {
            var loop = Add(NodeKind.Branch, null);
            _nodes[loop] = _nodes[loop] with { Next = [Build(repeated.Body, loop), after] };
            next = loop;
        }
        else
        {
            for (var i = repeated.Min; i < max; i++)
            {
                next = Add(NodeKind.Branch, null, Build(repeated.Body, next), after); // every optional copy leaves for the end at once
            }
        }

        for (var i = 0; i < repeated.Min; i++)
        {
            next = Build(repeated.Body, next);
        }

        return next;
    }

    private int Add(NodeKind kind, CodePoints? set, params int[] next)
    {
        _budget.Spend(10, _keyword);
        _nodes.Add(new(kind, set, next));
        return _nodes.Count - 1;
    }

    /// <param name="Set">What a node of characters takes.</param>
    /// <param name="Next">Where it goes on; a branch has several.</param>
    public readonly record struct Node(NodeKind Kind, CodePoints? Set, int[] Next);
}
