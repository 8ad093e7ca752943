using System.Buffers;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Structured;

namespace Llama4.Cluster.Constraints;

/// <summary>What one row may draw: the state of its constraint, and the mask of it. Made beside the device's work; one owner disposes.</summary>
internal sealed class RowMask : IDisposable
{
    private readonly int _length;
    private uint[]? _words;

    private RowMask(ConstraintState state, uint[] words, int length, string? error) =>
        (State, _words, _length, Error) = (state, words, length, error);

    /// <summary>After the tokens drawn so far.</summary>
    public ConstraintState State { get; }

    /// <summary>Why nothing can be drawn; null where something can.</summary>
    public string? Error { get; }

    public TokenMask Mask => new(_words.AsSpan(0, _length));

    /// <param name="constraint">Whose stop ids end the answer.</param>
    /// <param name="vocabulary">Whose own stop ids count for nothing: the request's do.</param>
    public static RowMask Of(ConstraintState state, DrawConstraint constraint, Structured.Vocabularies.Vocabulary vocabulary)
    {
        var words = ArrayPool<uint>.Shared.Rent(vocabulary.MaskWords);
        var mask = words.AsSpan(0, vocabulary.MaskWords);
        state.FillMask(mask);
        Allow(mask, vocabulary.StopIds, false);
        Allow(mask, constraint.StopIds, constraint.EndsLate ? state.MustEnd : state.IsComplete);
        return new RowMask(state, words, mask.Length, !mask.ContainsAnyExcept(0u)
            ? state.MustEnd ? "the constraint lets the answer end here only, and the request has no stop id" : "no token of the vocabulary goes on as the constraint asks"
            : null);
    }

    /// <summary>Of one that may still be made: once it is. Never throws.</summary>
    public static async Task DisposeAsync(Task<RowMask> mask)
    {
        await ((Task)mask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (mask.IsCompletedSuccessfully)
            mask.Result.Dispose();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _words, null) is { } words)
            ArrayPool<uint>.Shared.Return(words);
    }

    private static void Allow(Span<uint> mask, IReadOnlyList<int> ids, bool isAllowed)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            var (word, bit) = (ids[i] >>> 5, 1u << ids[i]);
            if (word < mask.Length)
                mask[word] = isAllowed ? mask[word] | bit : mask[word] & ~bit;
        }
    }
}
