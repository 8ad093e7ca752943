using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>What must hold for the rules of a grammar before they can be followed byte by byte.</summary>
internal sealed class GbnfRules
{
    /// <summary>Rules that begin with each other are entered one inside the other, on the stack of calls.</summary>
    private const int ChainMax = 500;

    private readonly OrderedDictionary<string, RegexTree> _rules;
    private readonly HashSet<string> _canBeEmpty = [];
    private readonly HashSet<string> _canEnd = [];
    private readonly Dictionary<string, int> _chains = [];
    private readonly List<string> _path = [];

    /// <exception cref="ConstraintException">There is no rule root, a name stands for no rule, or a rule begins with itself.</exception>
    public GbnfRules(OrderedDictionary<string, RegexTree> rules)
    {
        _rules = rules;
        if (!rules.ContainsKey("root"))
        {
            throw new ConstraintException("grammar", "expected a rule named root");
        }

        foreach (var (name, tree) in rules)
        {
            if (References(tree).FirstOrDefault(reference => !rules.ContainsKey(reference)) is { } missing)
            {
                throw new ConstraintException("grammar", $"the rule {name} refers to {missing}, which is not defined");
            }
        }

        Settle(_canBeEmpty, CanBeEmpty);
        Settle(_canEnd, CanEnd);
        foreach (var name in rules.Keys)
        {
            Chain(name);
        }

        if (!_canEnd.Contains("root"))
        {
            throw new ConstraintException("grammar", "no finite text can come of the rule root");
        }
    }

    /// <summary>Whether some finite text can come of a piece.</summary>
    public bool CanEnd(RegexTree tree) => tree switch
    {
        RuleReference reference => _canEnd.Contains(reference.Name),
        RegexTree.Characters characters => characters.Set.Ranges.Length > 0,
        RegexTree.Sequence sequence => sequence.Parts.All(CanEnd),
        RegexTree.Alternatives alternatives => alternatives.Branches.Any(CanEnd),
        RegexTree.Repeated repeated => repeated.Min == 0 || CanEnd(repeated.Body),
        _ => throw new InvalidOperationException($"a grammar has no part {tree}"),
    };

    private bool CanBeEmpty(RegexTree tree) => tree switch
    {
        RuleReference reference => _canBeEmpty.Contains(reference.Name),
        RegexTree.Sequence sequence => sequence.Parts.All(CanBeEmpty),
        RegexTree.Alternatives alternatives => alternatives.Branches.Any(CanBeEmpty),
        RegexTree.Repeated repeated => repeated.Min == 0 || CanBeEmpty(repeated.Body),
        _ => false,
    };

    /// <summary>Finds all rules that something holds for, from those upwards that need no others.</summary>
    private void Settle(HashSet<string> found, Func<RegexTree, bool> holds)
    {
        var users = new Dictionary<string, List<string>>();
        foreach (var (name, tree) in _rules)
        {
            foreach (var reference in References(tree).Distinct())
            {
                (users.TryGetValue(reference, out var list) ? list : users[reference] = []).Add(name);
            }
        }

        var open = new Queue<string>(_rules.Keys);
        while (open.TryDequeue(out var name))
        {
            if (!found.Contains(name) && holds(_rules[name]))
            {
                found.Add(name);
                foreach (var user in users.GetValueOrDefault(name, []))
                {
                    open.Enqueue(user);
                }
            }
        }
    }

    /// <summary>The longest row of rules that begin with each other from this one on.</summary>
    private int Chain(string name)
    {
        if (_chains.TryGetValue(name, out var known))
        {
            return known >= 0
                ? known
                : throw new ConstraintException("grammar", $"the rule {name} begins with itself ({string.Join(" → ", _path.SkipWhile(rule => rule != name))} → {name}); left recursion is not supported");
        }

        _chains[name] = -1;
        _path.Add(name);
        var longest = _path.Count > ChainMax ? ChainMax : Beginnings(_rules[name]).Distinct().Select(Chain).DefaultIfEmpty().Max();
        if (longest >= ChainMax)
        {
            throw new ConstraintException("grammar", $"more than {ChainMax} rules begin with each other");
        }

        _path.RemoveAt(_path.Count - 1);
        return _chains[name] = longest + 1;
    }

    /// <summary>The rules that a text of this piece can begin in.</summary>
    private IEnumerable<string> Beginnings(RegexTree tree)
    {
        switch (tree)
        {
            case RuleReference reference:
                return [reference.Name];
            case RegexTree.Sequence sequence:
                var empty = sequence.Parts.TakeWhile(CanBeEmpty).Count();
                return sequence.Parts.Take(empty + 1).SelectMany(Beginnings);
            case RegexTree.Alternatives alternatives:
                return alternatives.Branches.SelectMany(Beginnings);
            case RegexTree.Repeated { Max: not 0 } repeated:
                return Beginnings(repeated.Body);
            default:
                return [];
        }
    }

    private static IEnumerable<string> References(RegexTree tree) => tree switch
    {
        RuleReference reference => [reference.Name],
        RegexTree.Sequence sequence => sequence.Parts.SelectMany(References),
        RegexTree.Alternatives alternatives => alternatives.Branches.SelectMany(References),
        RegexTree.Repeated repeated => References(repeated.Body),
        _ => [],
    };
}
