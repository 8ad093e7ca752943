using System.Buffers;
using System.Text;

namespace Llama4.Tokenization.Streaming;

/// <summary>
/// Turns token ids into text one at a time and never gives out half a character: bytes that may still become one wait for the next id.
/// Ill-formed UTF-8 becomes U+FFFD, one for each maximal ill-formed subpart (Unicode 16, section 3.9, table 3-7).
/// </summary>
/// <param name="tokenizer">Whose ids come.</param>
/// <param name="skipSpecials">Whether special tokens give nothing; a character may then continue behind one.</param>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecials = true)
{
    private const int IncompleteMax = 3;

    private readonly byte[] _waiting = new byte[IncompleteMax];
    private int _waitingLength;

    /// <summary>Takes the next id and returns the text that is certain now, often one word, sometimes nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is none of the vocabulary's.</exception>
    public string Append(int id)
    {
        var token = tokenizer.BytesOf(id);
        if (skipSpecials && tokenizer.Specials.Contains(id))
        {
            return "";
        }

        return _waitingLength == 0 ? Emit(token) : EmitWithWaiting(token);
    }

    /// <summary>Ends the text: what still waited for its rest becomes one U+FFFD.</summary>
    public string Flush()
    {
        var left = _waitingLength > 0 ? "\uFFFD" : "";
        _waitingLength = 0;
        return left;
    }

    private string EmitWithWaiting(ReadOnlySpan<byte> token)
    {
        var length = _waitingLength + token.Length;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        _waiting.AsSpan(0, _waitingLength).CopyTo(rented);
        token.CopyTo(rented.AsSpan(_waitingLength));
        var text = Emit(rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    private string Emit(ReadOnlySpan<byte> bytes)
    {
        var incomplete = IncompleteLength(bytes);
        _waitingLength = incomplete;
        bytes[^incomplete..].CopyTo(_waiting);
        return Encoding.UTF8.GetString(bytes[..^incomplete]);
    }

    /// <summary>How many bytes at the end are a proper prefix of some well-formed character: 0 to 3.</summary>
    private static int IncompleteLength(ReadOnlySpan<byte> bytes)
    {
        for (var length = 1; length <= Math.Min(IncompleteMax, bytes.Length); length++)
        {
            var end = bytes[^length..];
            var isContinuation = (end[0] & 0xC0) == 0x80;
            if (!isContinuation)
            {
                return Rune.DecodeFromUtf8(end, out _, out _) == OperationStatus.NeedMoreData ? length : 0;
            }
        }

        return 0;
    }
}
