using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Llama4.Contracts;
using Llama4.Structured;
using Llama4.Structured.Vocabularies;

namespace Llama4.Cluster.Constraints;

/// <summary>
/// The masks of constrained draws. A token that is drawn is followed at once, on another thread: while the engine hears of it and the next step goes
/// through the layers, the state after it and its mask are made, and whoever has the next logits finds them ready. Nothing of a sequence is
/// only here: a mask that is missing is made again from the ids drawn so far.
/// <para>One caller at a time; awaits interleave.</para>
/// </summary>
/// <param name="vocabulary">What the ids stand for.</param>
internal sealed class ConstrainedDraws(Func<Task<Vocabulary>> vocabulary)
{
    /// <summary>More than sequences of some replicas run at once (64 each by default).</summary>
    private const int ConstraintsMax = 128;

    /// <summary>An automaton mostly takes one or two MB with its masks, and some 75 if somebody makes a point of it.</summary>
    private const long ConstraintBytesMax = 512L << 20;

    /// <summary>Sequences between two steps, with some to spare: of Llama 4's vocabulary a mask has 25 KB.</summary>
    private const int MasksMax = 512;

    private readonly CompiledConstraints _compiled = new(vocabulary, ConstraintsMax, ConstraintBytesMax);
    private readonly LastUsed<Key, Task<RowMask>> _next = new(MasksMax);

    /// <returns>Why the constraint cannot be enforced; null if it can.</returns>
    public async ValueTask<string?> ConstrainAsync(DecodingConstraint constraint)
    {
        try
        {
            await _compiled.Start(constraint);
            return null;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    /// <summary>The masks of some rows, ready or under way.</summary>
    /// <returns>[draws]; null for a row without a constraint. The caller's to dispose once they are made. Null if there is no constraint at all.</returns>
    /// <exception cref="UnknownConstraintException">Some are not known here, and the draws have not their text.</exception>
    public Task<RowMask>?[]? Begin(TokenDraw[] draws)
    {
        if (!Array.Exists(draws, draw => draw.Constraint is not null))
            return null;
        // All are looked up before the first mask is taken out: a step that is refused loses none.
        var starts = Array.ConvertAll(draws, draw => draw.Constraint is { } constraint ? StartOf(constraint) : null);
        var masks = new Task<RowMask>?[draws.Length];
        for (var i = 0; i < draws.Length; i++)
        {
            if (starts[i] is { } start)
                masks[i] = _next.Remove(Key.Of(draws[i], null), out var made) ? made : MakeAgain(start, draws[i]);
        }
        return masks;
    }

    /// <summary>A token was drawn: what comes after it is begun.</summary>
    /// <param name="state">Before it.</param>
    public void Follow(in TokenDraw draw, int token, ConstraintState state)
    {
        var constraint = draw.Constraint!;
        if (Array.IndexOf(constraint.StopIds, token) >= 0)
            return;
        var following = Task.Run(async () => RowMask.Of(
            state.Advance(token) ?? throw new InvalidOperationException($"token {token} was drawn against its constraint"), constraint, await vocabulary()));
        if (_next.Add(Key.Of(draw, token), following) is { } forgotten)
            _ = RowMask.DisposeAsync(forgotten);
    }

    private Task<ConstraintState> StartOf(DrawConstraint constraint) =>
        _compiled.Find(constraint.Digest)
        ?? (constraint.Constraint is { } told ? _compiled.Start(told)
            : throw new UnknownConstraintException($"constraint {Convert.ToHexStringLower(constraint.Digest.Span)} is not known here"));

    private Task<RowMask> MakeAgain(Task<ConstraintState> start, TokenDraw draw) => Task.Run(async () =>
    {
        var state = await start;
        var drawn = draw.Output;
        for (var i = 0; i < drawn.Length; i++)
        {
            state = state.Advance(drawn.Span[i])
                ?? throw new InvalidOperationException($"token {drawn.Span[i]} at {i} of the answer so far does not follow its constraint");
        }
        return RowMask.Of(state, draw.Constraint!, await vocabulary());
    });

    /// <summary>A constraint, and the ids drawn under it: SHA-256 of all of them, by which nothing else can be found.</summary>
    private readonly record struct Key(UInt128 High, UInt128 Low)
    {
        /// <param name="next">One more id; null for none.</param>
        public static Key Of(in TokenDraw draw, int? next)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var constraint = draw.Constraint!;
            hash.AppendData(constraint.Digest.Span);
            hash.AppendData([constraint.EndsLate ? (byte)1 : (byte)0, (byte)constraint.StopIds.Length]);
            hash.AppendData(MemoryMarshal.AsBytes(constraint.StopIds.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(draw.Output.Span));
            if (next is { } id)
                hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in id)));
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            hash.GetHashAndReset(digest);
            return new Key(MemoryMarshal.Read<UInt128>(digest), MemoryMarshal.Read<UInt128>(digest[16..]));
        }
    }
}
