using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>What the keywords of one schema object say, each as a clause that holds or fails.</summary>
internal sealed partial class SchemaExpansion
{
    private const int SubsetOfMax = 8;

    /// <summary>What a schema object asserts, clause by clause: all must hold.</summary>
    private List<Clause> Clauses(string pointer, JsonElement schema)
    {
        if (document.IsDraft7 && schema.TryGetProperty("$ref", out var only))
        {
            return [Reference(only)];
        }

        var own = _reader.Read(pointer);
        var required = ApartRequired(own, schema);

        // An object's own assertions stand where its properties do: that decides the order of keys.
        var place = own.Keywords.Contains("properties") ? "properties" : own.Keywords.Contains("required") ? "required" : own.Keywords.FirstOrDefault();
        var clauses = new List<Clause>();
        var conditions = new List<Clause>();
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "$ref":
                    clauses.Add(Reference(member.Value));
                    break;
                case "allOf":
                    // Clause by clause, so that each meets what stands before it: that tells conditions apart.
                    clauses.AddRange(Branches(pointer, member).Select(branch => new Clause(() => Of(branch), () => Of(SchemaPointer.Not(branch)))));
                    break;
                case "anyOf":
                    var any = Branches(pointer, member);
                    clauses.Add(new(() => document.HasUnevaluated ? AnySubset(any) : Any(any, "anyOf"), () => Of(any.Select(SchemaPointer.Not))));
                    break;
                case "oneOf":
                    clauses.Add(One(Branches(pointer, member), $"{pointer}/oneOf"));
                    break;
                case "not":
                    var not = Child(pointer, member);
                    conditions.Add(new(() => Of(SchemaPointer.Not(not)), () => Of(not)));
                    break;
                case "if":
                    conditions.AddRange(Condition(pointer, member, schema));
                    break;
                case "dependentRequired" or "dependentSchemas" or "dependencies":
                    conditions.AddRange(Dependencies(pointer, member));
                    break;
                case "required" when required is not null:
                    clauses.Add(new(() => [[required]], () => [.. _negation.Of(required)]));
                    break;
                default:
                    if (member.Name == place)
                    {
                        clauses.Add(new(() => [[own]], () => [.. _negation.Of(own)]));
                    }

                    break;
            }
        }

        return [.. clauses, .. conditions];
    }

    /// <summary>
    /// Takes the required names out of a schema object's assertions where other schemas are put in place between its
    /// properties and them: names that no properties list are ordered by where they are required. Null where nothing is between.
    /// </summary>
    private static Assertions? ApartRequired(Assertions own, JsonElement schema)
    {
        if (own.Required.Count == 0 || !own.Keywords.Contains("properties"))
        {
            return null;
        }

        var between = schema.EnumerateObject().Select(member => member.Name)
            .Where(name => name is "properties" or "required" or "allOf" or "$ref" or "anyOf" or "oneOf")
            .SkipWhile(name => name is not ("properties" or "required"))
            .Skip(1)
            .TakeWhile(name => name is not ("properties" or "required"));
        if (!between.Any())
        {
            return null;
        }

        var apart = new Assertions { Pointer = $"~r{own.Pointer}" };
        apart.Required.AddRange(own.Required);
        apart.Keywords.Add("required");
        own.Required.Clear();
        own.Keywords.Remove("required");
        return apart;
    }

    private Clause Reference(JsonElement value)
    {
        var target = document.Resolve(value.ValueKind == JsonValueKind.String ? value.GetString()! : throw KeywordValue.Wrong("$ref", "a reference", value));
        return new(() => Of(target), () => Of(SchemaPointer.Not(target)));
    }

    private Clause One(List<string> branches, string pointer)
    {
        var types = overlapping.GetValueOrDefault(pointer);
        return new(
            () => types == JsonTypes.None ? Any(branches, "oneOf") : Alternatives.Either(branches.SelectMany(branch => new[] { OfOtherTypes(branch), OnlyThis(branch) }), "oneOf"),
            () => Alternatives.Either(Pairs(branches).Select(pair => Of([pair.First, pair.Second])).Prepend(Of(branches.Select(SchemaPointer.Not))), "oneOf"))
        {
            Exclusive = types == JsonTypes.All ? null : branches,
        };

        Assertions[][] OfOtherTypes(string branch) => types == JsonTypes.All ? [] : _alternatives.Both(Of(branch), OfTypes(~types));

        // Other by other, so that each contrary meets what is left.
        Assertions[][] OnlyThis(string branch) => branches.Where(other => other != branch).Select(other => Silent(Of(SchemaPointer.Not(other))))
            .Aggregate(_alternatives.Both(Of(branch), OfTypes(types)), _alternatives.Both);
    }

    /// <summary>What a negation asserts evaluates nothing.</summary>
    private Assertions[][] Silent(Assertions[][] alternatives) =>
        document.HasUnevaluated ? [.. alternatives.Select(all => all.Select(one => one.Silent()).ToArray())] : alternatives;

    /// <summary>Either the condition and what follows, or its contrary and what follows then.</summary>
    private IEnumerable<Clause> Condition(string pointer, JsonProperty member, JsonElement schema)
    {
        var then = schema.TryGetProperty("then", out var thenSchema) ? document.Child(pointer, "then", KeywordValue.Schema("then", thenSchema)) : SchemaPointer.Anything;
        var otherwise = schema.TryGetProperty("else", out var elseSchema) ? document.Child(pointer, "else", KeywordValue.Schema("else", elseSchema)) : SchemaPointer.Anything;
        var condition = Child(pointer, member);
        if (then != SchemaPointer.Anything || otherwise != SchemaPointer.Anything || document.HasUnevaluated)
        {
            yield return new(() => Choice(then, otherwise), () => Choice(SchemaPointer.Not(then), SchemaPointer.Not(otherwise)));
        }

        Assertions[][] Choice(string ifSo, string ifNot) =>
            Alternatives.Either([Of([condition, ifSo]), Of([SchemaPointer.Not(condition), ifNot])], "if");
    }

    /// <summary>For each key that others depend on: it is missing, or what depends on it holds.</summary>
    private IEnumerable<Clause> Dependencies(string pointer, JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Object)
        {
            throw KeywordValue.Wrong(member.Name, "an object", member.Value);
        }

        var list = document.Child(pointer, member.Name, member.Value);
        foreach (var dependency in member.Value.EnumerateObject())
        {
            var child = document.Child(list, dependency.Name, dependency.Value);
            var without = new Assertions { Pointer = $"~o{child}", Types = JsonTypes.All, Evaluates = false };
            without.Properties.Add((dependency.Name, SchemaPointer.Nothing));
            without.PropertyPointers.Add(dependency.Name, SchemaPointer.Nothing);
            without.Keywords.Add(member.Name);
            var with = new Assertions { Pointer = $"~w{child}", Types = JsonTypes.Object };
            with.Required.Add(dependency.Name);
            with.Keywords.Add(member.Name);
            if (member.Name == "dependentRequired" || (member.Name == "dependencies" && dependency.Value.ValueKind == JsonValueKind.Array))
            {
                var names = KeywordValue.Names(member.Name, dependency.Value).ToList();
                with.Required.AddRange(names.Where(name => name != dependency.Name));
                yield return new(() => [[without], [with]], () => [.. names.Select(Lacks)]);
                Assertions[] Lacks(string name)
                {
                    var one = new Assertions { Pointer = document.Child($"~l{child}", name, dependency.Value), Types = JsonTypes.Object, Evaluates = false };
                    one.Required.Add(dependency.Name);
                    one.Properties.Add((name, SchemaPointer.Nothing));
                    one.PropertyPointers.Add(name, SchemaPointer.Nothing);
                    one.Keywords.Add(member.Name);
                    return [one];
                }
            }
            else
            {
                KeywordValue.Schema(member.Name, dependency.Value);
                yield return new(
                    () => [[without], .. _alternatives.Both([[with]], Of(child))],
                    () => _alternatives.Both([[with]], Of(SchemaPointer.Not(child))));
            }
        }
    }

    private List<string> Branches(string pointer, JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Array || member.Value.GetArrayLength() == 0)
        {
            throw KeywordValue.Wrong(member.Name, "an array of schemas", member.Value);
        }

        var list = document.Child(pointer, member.Name, member.Value);
        return [.. member.Value.EnumerateArray().Select((branch, index) => document.Child(list, $"{index}", KeywordValue.Schema(member.Name, branch)))];
    }

    private string Child(string pointer, JsonProperty member) => document.Child(pointer, member.Name, KeywordValue.Schema(member.Name, member.Value));

    private Assertions[][] Any(IEnumerable<string> branches, string keyword) => Alternatives.Either(branches.Select(Of), keyword);

    /// <summary>Every branch that holds evaluates, so that those that hold together are alternatives of their own.</summary>
    private Assertions[][] AnySubset(List<string> branches)
    {
        if (branches.Count > SubsetOfMax)
        {
            throw new ConstraintException("anyOf", $"expected at most {SubsetOfMax} branches in a schema with unevaluatedProperties or unevaluatedItems, found {branches.Count}");
        }

        return Alternatives.Either(
            Enumerable.Range(1, (1 << branches.Count) - 1).Select(set => Of(branches.Where((_, i) => (set >> i & 1) != 0))), "anyOf");
    }

    /// <param name="Holds">The alternatives in which the clause holds.</param>
    /// <param name="Fails">Those in which it does not.</param>
    private sealed record Clause(Func<Assertions[][]> Holds, Func<Assertions[][]> Fails)
    {
        /// <summary>Branches no two of which may hold at once, which is still to be shown.</summary>
        public List<string>? Exclusive { get; init; }
    }
}
