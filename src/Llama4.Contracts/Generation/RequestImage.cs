using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llama4.Contracts;

/// <summary>One picture of a request, cut into tiles: what the vision tower is given, and where in the prompt the rows that it makes are put.</summary>
[GenerateSerializer, Immutable, Alias("llama4.RequestImage")]
public sealed record RequestImage
{
    [NonSerialized] private byte[]? _digest;

    /// <summary>The tiles, the global one last.</summary>
    [Id(0)] public required int Tiles { get; init; }

    /// <summary>[Tiles, 3, side, side] levels, 0 to 255.</summary>
    [Id(1)] public required byte[] Levels { get; init; }

    /// <summary>Where the image's rows stand in the prompt, ascending; together they have as many rows as the tower makes of the tiles.</summary>
    [Id(2)] public required ImageSpan[] Spans { get; init; }

    /// <summary>Prompt positions that hold rows of the image.</summary>
    public int Rows => Spans.Sum(span => span.Rows);

    /// <summary>SHA-256 of the tiles: images of equal digest have equal rows. 32 bytes; made here from the levels, so that no sender has to be believed.</summary>
    public ReadOnlyMemory<byte> Digest => _digest ??= DigestOf(Tiles, Levels);

    private static byte[] DigestOf(int tiles, byte[] levels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> count = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(count, tiles);
        hash.AppendData(count);
        hash.AppendData(levels);
        return hash.GetHashAndReset();
    }
}

/// <summary>Consecutive prompt positions that hold rows of an image.</summary>
/// <param name="Position">The first, counted from the prompt's start.</param>
/// <param name="Rows">How many; at least one.</param>
[GenerateSerializer, Immutable, Alias("llama4.ImageSpan")]
public readonly record struct ImageSpan([property: Id(0)] int Position, [property: Id(1)] int Rows);
