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
    private readonly bool _hasBoundaries;
    private readonly bool[] _isWord;
    private readonly List<int> _set = [];
    private int _round;

    private RegexCompiler(RegexGraph graph, CompileBudget budget, string keyword)
    {
        (_graph, _budget, _keyword) = (graph, budget, keyword);
        _hasBoundaries = graph.HasBoundaries;
        _cuts = Cuts(graph, _hasBoundaries);
        _isWord = [.. _cuts.Select(cut => _hasBoundaries && CodePoints.Word.Ranges.Any(range => range.Low <= cut && cut <= range.High))];
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
        SurrogateCheck.OfText(regex, keyword);
        return Lookaheads(RegexParser.Parse(regex, keyword), search, budget, keyword);
    }

    /// <summary>
    /// Lookahead at the start of the text is another regex that must hold (or must not) of the same text, from its start
    /// on and with anything behind.
    /// </summary>
    private static CharacterAutomaton Lookaheads(RegexTree tree, bool search, CompileBudget budget, string keyword)
    {
        var parts = tree is RegexTree.Sequence sequence ? sequence.Parts : [tree];
        var anchors = parts.TakeWhile(part => part is RegexTree.Start).Count();
        var looks = anchors > 0 || !search ? parts.Skip(anchors).TakeWhile(part => part is RegexTree.Look).Cast<RegexTree.Look>().ToList() : [];
        if (looks.Count == 0)
        {
            return Compile(RegexGraph.Of(tree, search, budget, keyword), budget, keyword);
        }

        var rest = new RegexTree.Sequence([.. parts.Take(anchors), .. parts.Skip(anchors + looks.Count)]);
        return looks.Aggregate(Compile(RegexGraph.Of(rest, search, budget, keyword), budget, keyword), (all, look) =>
        {
            var ahead = Compile(RegexGraph.Of(new RegexTree.Sequence([new RegexTree.Start(), look.Body]), search: true, budget, keyword), budget, keyword);
            return all.And(look.Negated ? ahead.Not(budget, keyword) : ahead, budget, keyword);
        });
    }

    /// <summary>The automaton of a regex that stands for the whole text and was read elsewhere.</summary>
    public static CharacterAutomaton Compile(RegexTree regex, CompileBudget budget, string keyword) =>
        Compile(RegexGraph.Of(regex, search: false, budget, keyword), budget, keyword);

    private static CharacterAutomaton Compile(RegexGraph graph, CompileBudget budget, string keyword)
    {
        var compiler = new RegexCompiler(graph, budget, keyword);
        return CharacterAutomaton.Explore(
            new NodeSet(true, false, compiler.Close([graph.Entry], start: true, end: false, null)), compiler.Accepts, compiler.Follow, budget, keyword);
    }

    /// <summary>The starts of the runs of code points that no set of the graph tells apart; the surrogates are a run of their own, which nothing takes.</summary>
    private static int[] Cuts(RegexGraph graph, bool words)
    {
        var cuts = new SortedSet<int> { 0, 0xD800, 0xE000 };
        foreach (var range in graph.Nodes.Where(node => node.Set is not null).SelectMany(node => node.Set!.Ranges).Concat(words ? CodePoints.Word.Ranges : []))
        {
            cuts.Add(range.Low);
            cuts.Add(range.High + 1);
        }

        cuts.Remove(CodePoints.Max + 1);
        return [.. cuts];
    }

    /// <summary>All nodes that these lead to without a character, sorted; what passes <c>$</c> only where the text may end.</summary>
    /// <param name="boundary">Whether a word begins or ends here; null where that depends on the next character.</param>
    private int[] Close(IEnumerable<int> nodes, bool start, bool end, bool? boundary)
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
            var isBoundary = kind is RegexGraph.NodeKind.Boundary or RegexGraph.NodeKind.NotBoundary;
            if (kind is RegexGraph.NodeKind.Accept or RegexGraph.NodeKind.Characters or RegexGraph.NodeKind.End || (isBoundary && boundary is null))
            {
                _set.Add(node);
            }

            if ((isBoundary && boundary == (kind == RegexGraph.NodeKind.Boundary)) || kind == RegexGraph.NodeKind.Branch
                || (kind == RegexGraph.NodeKind.Start && start) || (kind == RegexGraph.NodeKind.End && end))
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

    private bool Accepts(NodeSet set) => Close(set.Nodes, set.Start, end: true, boundary: set.InWord).Contains(RegexGraph.Accept);

    private void Follow(NodeSet set, Action<int, int, NodeSet> emit)
    {
        if (!_hasBoundaries)
        {
            Reach(set.Nodes, null);
        }
        else
        {
            // What comes next decides whether a word begins or ends here.
            Reach(Close(set.Nodes, set.Start, end: false, boundary: set.InWord), isWord: false);
            Reach(Close(set.Nodes, set.Start, end: false, boundary: !set.InWord), isWord: true);
        }

        for (var cut = 0; cut < _cuts.Length; cut++)
        {
            if (_reached[cut].Count > 0 && _cuts[cut] is < 0xD800 or >= 0xE000)
            {
                var high = cut + 1 < _cuts.Length ? _cuts[cut + 1] - 1 : CodePoints.Max;
                emit(_cuts[cut], high, new(false, _isWord[cut], Close(_reached[cut], start: false, end: false, null)));
            }

            _reached[cut].Clear();
        }
    }

    /// <summary>Notes for each run of characters where these nodes lead with it.</summary>
    /// <param name="isWord">Only the characters of words, or only all others; null for all.</param>
    private void Reach(int[] nodes, bool? isWord)
    {
        foreach (var node in nodes)
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
                    if (isWord is { } word && word != _isWord[cut])
                    {
                        continue;
                    }

                    _reached[cut].Add(characters.Next[0]);
                }
            }
        }
    }

    /// <summary>A state: the nodes where a match may stand, whether this is the start of the text, and, where it matters, behind a character of a word.</summary>
    private readonly record struct NodeSet(bool Start, bool InWord, int[] Nodes)
    {
        public bool Equals(NodeSet other) => Start == other.Start && InWord == other.InWord && Nodes.AsSpan().SequenceEqual(other.Nodes);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(Start);
            hash.Add(InWord);
            foreach (var node in Nodes)
            {
                hash.Add(node);
            }

            return hash.ToHashCode();
        }
    }
}
