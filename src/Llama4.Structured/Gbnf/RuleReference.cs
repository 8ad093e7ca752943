using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>What a rule stands for, in the place of its name: the one thing a grammar has and a regex has not.</summary>
internal sealed record RuleReference(string Name) : RegexTree;
