using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Llama4.Gateway.Keys;

/// <summary>Who may ask: a name for the log and the fair queue, the SHA-256 of the key, never the key itself, and what it may ask.</summary>
/// <param name="Name">Unique among the keys of a gateway; letters, digits and <c>-_.@</c>, at most <see cref="NameCharsMax"/>.</param>
/// <param name="Digest">SHA-256 of the key's UTF-8, 32 bytes.</param>
/// <param name="Limits">Of this key alone.</param>
public sealed record ApiKey(string Name, byte[] Digest, KeyLimits Limits)
{
    /// <summary>
    /// Characters of a key; what is shorter is refused, whatever its digest. A fast hash is no protection for what could be guessed: 32 characters
    /// of base 64 are 192 random bits, and nobody's password.
    /// </summary>
    public const int CharsMin = 32;

    /// <summary>Characters of a key, so that hashing one is bounded.</summary>
    public const int CharsMax = 512;

    public const int NameCharsMax = 64;

    /// <summary>Tells a reader of a leaked file what it is, as secret scanners want it.</summary>
    private const string Prefix = "l4-";

    private const int RandomBytes = 32;

    /// <summary>A fresh key of 256 random bits.</summary>
    public static string Fresh() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    public static byte[] DigestOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether it can be a name: it stands in log lines, and must not look like two of them.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= NameCharsMax && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@');
}
