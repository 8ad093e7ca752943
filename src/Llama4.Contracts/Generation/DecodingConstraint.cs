using System.Security.Cryptography;
using System.Text;

namespace Llama4.Contracts;

/// <summary>How the text of a <see cref="DecodingConstraint"/> is read.</summary>
public enum ConstraintKind : byte
{
    /// <summary>A JSON Schema; the answer is a JSON text that is valid under it.</summary>
    Schema,

    /// <summary>A regex that matches the answer from end to end.</summary>
    Regex,

    /// <summary>A JSON array of strings; the answer is one of them.</summary>
    Choice,

    /// <summary>A grammar; the answer is one of its texts.</summary>
    Grammar,

    /// <summary>Calls of tools, as the JSON of <c>Llama4.Structured.Calls.CallsText</c> says.</summary>
    Calls,
}

/// <summary>What an answer must look like: tokens that would lead away from it are never drawn. It says the same on every host.</summary>
[GenerateSerializer, Immutable, Alias("llama4.DecodingConstraint")]
public sealed record DecodingConstraint
{
    /// <summary>Characters of <see cref="Text"/>: the longest schemas of public collections have some 600 K.</summary>
    public const int TextCharsMax = 1 << 20;

    [NonSerialized] private byte[]? _digest;

    [Id(0)] public required ConstraintKind Kind { get; init; }

    [Id(1)] public required string Text { get; init; }

    /// <summary>
    /// The answer does not end before it must: where it may end or go on, it goes on. Without this the model decides there. Either way it ends
    /// with one of the request's stop ids, which are drawn nowhere else.
    /// </summary>
    [Id(2)] public bool EndsLate { get; init; }

    /// <summary>SHA-256 of kind and text: those of equal digest let the same answers through. 32 bytes; made here from the text, so that no sender has to be believed.</summary>
    public ReadOnlyMemory<byte> Digest => _digest ??= SHA256.HashData([(byte)Kind, .. Encoding.UTF8.GetBytes(Text)]);
}

/// <summary>What the draw of one token needs of its request's constraint.</summary>
/// <param name="Digest">Which constraint.</param>
/// <param name="Constraint">The constraint itself; null where the vocabulary's host has been told of it.</param>
/// <param name="StopIds">Ids that end the answer: drawn where the constraint lets it end, nowhere else.</param>
/// <param name="EndsLate">As <see cref="DecodingConstraint.EndsLate"/>.</param>
[GenerateSerializer, Immutable, Alias("llama4.DrawConstraint")]
public sealed record DrawConstraint(
    [property: Id(0)] ReadOnlyMemory<byte> Digest,
    [property: Id(1)] DecodingConstraint? Constraint,
    [property: Id(2)] int[] StopIds,
    [property: Id(3)] bool EndsLate);

/// <summary>A vocabulary's host was asked to draw under constraints that it has not been told of, or has forgotten: the same draw with their text will do.</summary>
[GenerateSerializer, Alias("llama4.UnknownConstraintException")]
public sealed class UnknownConstraintException(string message) : Exception(message);
