using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Scenarios;

/// <summary>One kind of sessions in a scenario; files name it by <c>kind</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(QuestionsPart), "questions")]
[JsonDerivedType(typeof(SyntheticPart), "synthetic")]
[JsonDerivedType(typeof(PrefixPart), "prefix")]
[JsonDerivedType(typeof(TurnsPart), "turns")]
[JsonDerivedType(typeof(ImagesPart), "images")]
[JsonDerivedType(typeof(StructuredPart), "structured")]
internal abstract record Part
{
    /// <summary>For the list in an error: those above.</summary>
    public const string Kinds = "questions, synthetic, prefix, turns, images, structured";

    /// <summary>In the report; the kind if left out.</summary>
    public string? Name { get; init; }

    public double Weight { get; init; } = 1;

    /// <summary>Further fields of its requests.</summary>
    public JsonObject Fields { get; init; } = [];

    [JsonIgnore]
    public abstract string Kind { get; }

    [JsonIgnore]
    public string Label => Name ?? Kind;

    /// <summary>Reads the files that it names.</summary>
    /// <param name="folder">Of the scenario file.</param>
    /// <exception cref="LoadTestException">One is missing or wrong.</exception>
    public virtual Part Prepare(string folder) => this;

    /// <summary>Says what is wrong with its values, or null.</summary>
    public virtual string? Mistake() => null;

    /// <summary>What one session asks.</summary>
    /// <param name="draws">Of this session alone.</param>
    /// <param name="seed">Of the run, for what sessions share.</param>
    public abstract Session Make(Draws draws, ulong seed);
}
