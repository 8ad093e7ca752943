using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Llama4.Scheduling;

/// <summary>
/// 128 bits that stand for all content of a sequence before a position. Cryptographic (SHA-256, cut to 128 bits), because
/// equal hashes share keys and values between callers, who could search for collisions of a weaker one; it costs about
/// 0.5 us for 32 tokens.
/// </summary>
public readonly record struct PrefixHash(ulong High, ulong Low)
{
    /// <summary>Of nothing: position 0.</summary>
    public static readonly PrefixHash Empty;

    /// <summary>The hash after <paramref name="tokens"/> more tokens.</summary>
    /// <param name="tokens">At most 256 (a block).</param>
    /// <param name="content">Digest of what else the rows depend on, when a token id does not say it all (an image's pixels); empty for text. At most 32 bytes for each token.</param>
    public PrefixHash Extend(ReadOnlySpan<int> tokens, ReadOnlySpan<byte> content = default)
    {
        Span<byte> input = stackalloc byte[16 + sizeof(int) * (1 + tokens.Length) + content.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(input, High);
        BinaryPrimitives.WriteUInt64LittleEndian(input[8..], Low);
        // The number of tokens separates them from the content behind.
        BinaryPrimitives.WriteInt32LittleEndian(input[16..], tokens.Length);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[20..]);
        content.CopyTo(input[(20 + sizeof(int) * tokens.Length)..]);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return new PrefixHash(BinaryPrimitives.ReadUInt64LittleEndian(digest), BinaryPrimitives.ReadUInt64LittleEndian(digest[8..]));
    }
}
