using Llama4.Structured.Automata;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>A grammar of rules to pieces. What refers to no rule is regular and becomes one lexeme, the rest a piece for each part.</summary>
internal sealed class GbnfCompiler
{
    /// <summary>A repeat that is counted further than this is a piece of its own, which counts without states.</summary>
    private const int CountedMax = 64;

    private readonly OrderedDictionary<string, RegexTree> _trees;
    private readonly GbnfRules _rules;
    private readonly CompileBudget _budget = new();
    private readonly Dictionary<string, RuleGrammar> _known = [];
    private readonly Queue<string> _open = [];

    private GbnfCompiler(string text)
    {
        _budget.Spend(5L * text.Length, "grammar");
        _trees = GbnfParser.Parse(text);
        _rules = new(_trees);
    }

    /// <summary>The pieces of the rule <c>root</c>.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfGrammar(string)"/>.</exception>
    public static Grammar Compile(string text)
    {
        if (text.Length > CompileBudget.TextBytesMax)
        {
            throw new ConstraintException("grammar", $"expected at most {CompileBudget.TextBytesMax} characters, found {text.Length}");
        }

        var compiler = new GbnfCompiler(text);
        var root = compiler.Refer("root");
        while (compiler._open.TryDequeue(out var name))
        {
            compiler._known[name].Body = compiler.Build(compiler._trees[name]);
        }

        return root;
    }

    private RuleGrammar Refer(string name)
    {
        if (!_known.TryGetValue(name, out var rule))
        {
            _known.Add(name, rule = new());
            _open.Enqueue(name);
        }

        return rule;
    }

    /// <param name="tree">A piece that some finite text can come of.</param>
    private Grammar Build(RegexTree tree)
    {
        _budget.Spend(20, "grammar");
        if (IsRegular(tree))
        {
            var characters = RegexCompiler.Compile(tree, _budget, "grammar");
            return new LexemeGrammar(new CharacterLexeme(characters, quote: null));
        }

        switch (tree)
        {
            case RuleReference reference:
                return Refer(reference.Name);
            case RegexTree.Sequence sequence:
                return new SequenceGrammar([.. Runs(sequence.Parts).Select(Build)]);
            case RegexTree.Alternatives alternatives:
                return new UnionGrammar { Branches = [.. alternatives.Branches.Where(_rules.CanEnd).Select(Build)] };
            case RegexTree.Repeated repeated:
                return _rules.CanEnd(repeated.Body) && repeated.Max != 0
                    ? new RepeatGrammar(Build(repeated.Body), null, repeated.Min, repeated.Max)
                    : ConstraintParts.Literal("");
            default:
                throw new InvalidOperationException($"a grammar has no part {tree}");
        }
    }

    /// <summary>The parts of a sequence, those of them that are regular and stand next to each other as one.</summary>
    private static IEnumerable<RegexTree> Runs(IReadOnlyList<RegexTree> parts)
    {
        for (var i = 0; i < parts.Count;)
        {
            var run = parts.Skip(i).TakeWhile(IsRegular).ToList();
            yield return run.Count > 1 ? new RegexTree.Sequence(run) : parts[i];
            i += Math.Max(1, run.Count);
        }
    }

    private static bool IsRegular(RegexTree tree) => tree switch
    {
        RegexTree.Characters => true,
        RegexTree.Sequence sequence => sequence.Parts.All(IsRegular),
        RegexTree.Alternatives alternatives => alternatives.Branches.All(IsRegular),
        RegexTree.Repeated repeated => (repeated.Max ?? repeated.Min) <= CountedMax && IsRegular(repeated.Body),
        _ => false,
    };

    /// <summary>What a rule stands for; known once all rules are.</summary>
    private sealed class RuleGrammar : Grammar
    {
        public Grammar Body { get; set; } = null!;

        internal override void Enter(Frame? parent, Closure closure)
        {
            if (closure.EntersFirst(this, parent))
            {
                Body.Enter(parent, closure);
            }
        }
    }
}
