namespace Llama4.Structured.Regexes;

/// <summary>Makes a regex deterministic: sets of its graph's nodes become states.</summary>
internal sealed class RegexCompiler
{
    private readonly RegexGraph _graph;
    private readonly CompileBudget _budget;
    private readonly string _keyword;
    private readonly int[] _cuts;
    private readonly List<int>[] _reached;
    private readonly int[] _seen;
    private readonly List<int> _set = [];
    private int _round;

    private RegexCompiler(RegexGraph graph, CompileBudget budget, string keyword)
    {
        (_graph, _budget, _keyword) = (graph, budget, keyword);
        _cuts = Cuts(graph);
        _reached = [.. _cuts.Select(_ => new List<int>())];
        _seen = new int[graph.Nodes.Count];
    }

    /// <summary>The automaton of a regex that stands for the whole text, or with <paramref name="search"/> is found anywhere in it.</summary>
    public static CharacterAutomaton Compile(string regex, bool search, CompileBudget budget, string keyword)
    {
        if (regex.Length > CompileBudget.TextBytesMax)
        {
            throw new ConstraintException(keyword, $"expected a regex of at most {CompileBudget.TextBytesMax} characters, found {regex.Length}");
        }

        budget.Spend(10L * regex.Length, keyword);
        return Compile(RegexGraph.Of(RegexParser.Parse(regex, keyword), search, budget, keyword), budget, keyword);
    }

    /// <summary>The automaton of a regex that stands for the whole text and was read elsewhere.</summary>
    public static CharacterAutomaton Compile(RegexTree regex, CompileBudget budget, string keyword) =>
        Compile(RegexGraph.Of(regex, search: false, budget, keyword), budget, keyword);

    private static CharacterAutomaton Compile(RegexGraph graph, CompileBudget budget, string keyword)
    {
        var compiler = new RegexCompiler(graph, budget, keyword);
        return CharacterAutomaton.Explore(
            new NodeSet(true, compiler.Close([graph.Entry], start: true, end: false)), compiler.Accepts, compiler.Follow, budget, keyword);
    }

    /// <summary>The starts of the runs of code points that no set of the graph tells apart; the surrogates are a run of their own, which nothing takes.</summary>
    private static int[] Cuts(RegexGraph graph)
    {
        var cuts = new SortedSet<int> { 0, 0xD800, 0xE000 };
        foreach (var range in graph.Nodes.Where(node => node.Set is not null).SelectMany(node => node.Set!.Ranges))
        {
            cuts.Add(range.Low);
            cuts.Add(range.High + 1);
        }

        cuts.Remove(CodePoints.Max + 1);
        return [.. cuts];
    }

    /// <summary>All nodes that these lead to without a character, sorted; what passes <c>$</c> only where the text may end.</summary>
    private int[] Close(IEnumerable<int> nodes, bool start, bool end)
    {
        _round++;
        _set.Clear();
        var open = new Stack<int>(nodes);
        while (open.TryPop(out var node))
        {
            if (_seen[node] == _round)
            {
                continue;
            }

            _seen[node] = _round;
            _budget.Spend(2, _keyword);
            var (kind, _, next) = _graph.Nodes[node];
            if (kind is RegexGraph.NodeKind.Accept or RegexGraph.NodeKind.Characters or RegexGraph.NodeKind.End)
            {
                _set.Add(node);
            }

            if (kind == RegexGraph.NodeKind.Branch || (kind == RegexGraph.NodeKind.Start && start) || (kind == RegexGraph.NodeKind.End && end))
            {
                foreach (var to in next)
                {
                    open.Push(to);
                }
            }
        }

        if (_graph.Anything >= 0 && _seen[_graph.Anything] == _round)
        {
            return [RegexGraph.Accept, _graph.Anything]; // found: whatever else may still match adds nothing
        }

        _set.Sort();
        return [.. _set];
    }

    private bool Accepts(NodeSet set) => Close(set.Nodes, set.Start, end: true).Contains(RegexGraph.Accept);

    private void Follow(NodeSet set, Action<int, int, NodeSet> emit)
    {
        foreach (var node in set.Nodes)
        {
            if (_graph.Nodes[node] is not { Kind: RegexGraph.NodeKind.Characters } characters)
            {
                continue;
            }

            foreach (var range in characters.Set!.Ranges)
            {
                for (var cut = Array.BinarySearch(_cuts, range.Low); cut < _cuts.Length && _cuts[cut] <= range.High; cut++)
                {
                    _budget.Spend(1, _keyword);
                    _reached[cut].Add(characters.Next[0]);
                }
            }
        }

        for (var cut = 0; cut < _cuts.Length; cut++)
        {
            if (_reached[cut].Count > 0 && _cuts[cut] is < 0xD800 or >= 0xE000)
            {
                var high = cut + 1 < _cuts.Length ? _cuts[cut + 1] - 1 : CodePoints.Max;
                emit(_cuts[cut], high, new(false, Close(_reached[cut], start: false, end: false)));
            }

            _reached[cut].Clear();
        }
    }

    /// <summary>A state: the nodes where a match may stand, and whether this is the start of the text.</summary>
    private readonly record struct NodeSet(bool Start, int[] Nodes)
    {
        public bool Equals(NodeSet other) => Start == other.Start && Nodes.AsSpan().SequenceEqual(other.Nodes);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(Start);
            foreach (var node in Nodes)
            {
                hash.Add(node);
            }

            return hash.ToHashCode();
        }
    }
}
