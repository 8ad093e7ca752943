using System.Security.Cryptography;
using System.Text;
using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// The hashes of one sequence at every position where a block of some kind ends, each made from the one before and the tokens
/// between and the pictures that have rows there. It grows with the sequence: 20 bytes for every 32 tokens.
/// </summary>
/// <param name="images">Of the sequence's prompt.</param>
/// <param name="salt">Sequences of other salts have other hashes.</param>
internal sealed class PrefixHashes(KvMemory memory, IReadOnlyList<RequestImage> images, string salt)
{
    private readonly PrefixHash _start = salt.Length == 0 ? PrefixHash.Empty : PrefixHash.Empty.Extend([], SHA256.HashData(Encoding.UTF8.GetBytes(salt)));
    private readonly List<int> _ends = [];
    private readonly List<PrefixHash> _hashes = [];

    /// <summary>The hash of everything before <paramref name="end"/>, which must be the end of a block that <see cref="Extend"/> reached.</summary>
    public PrefixHash this[int end]
    {
        get
        {
            var index = _ends.BinarySearch(end);
            return index >= 0 ? _hashes[index] : throw new InvalidOperationException($"No block ends at {end} of a sequence hashed to {Reached}.");
        }
    }

    private int Reached => _ends.Count == 0 ? 0 : _ends[^1];

    /// <summary>Hashes to the last block's end within <paramref name="tokens"/>, which are all of the sequence's.</summary>
    public void Extend(ReadOnlySpan<int> tokens)
    {
        for (var end = memory.NextBlockEnd(Reached); end <= tokens.Length; end = memory.NextBlockEnd(end))
        {
            var before = _hashes.Count == 0 ? _start : _hashes[^1];
            _hashes.Add(before.Extend(tokens[Reached..end], ContentOf(Reached, end)));
            _ends.Add(end);
        }
    }

    /// <summary>
    /// Digests of the pictures with rows in start..end, one after the other. Which of a picture's rows they are follows from the tokens up to there.
    /// </summary>
    private byte[] ContentOf(int start, int end) => images.Count == 0
        ? []
        : [.. images.Where(image => image.Spans.Any(span => span.Position < end && span.Position + span.Rows > start)).SelectMany(image => image.Digest.ToArray())];
}
