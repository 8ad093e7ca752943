namespace Llama4.Contracts;

/// <summary>Element type of the rows on the wire; the numbers are part of the format.</summary>
public enum RowsType : byte
{
    F32 = 1,
    BF16 = 2,
}

/// <summary>
/// Hidden states of some tokens, [Count, Width], with a number for each row. On the wire it is one MessagePack
/// value (<see cref="RowsCodec"/>); inside a host it is passed by reference and never copied.
/// <para>Ownership: the receiver of a call disposes the rows it was given; the caller disposes the rows it gets back. Rows made for an
/// answer have no owner left once they are written into a message: see <see cref="AsAnswer"/>.</para>
/// </summary>
[Immutable]
public sealed class Rows : IDisposable
{
    /// <summary>Most bytes of one message's payload: a prefill chunk of 4,096 rows of 8,192 bf16 values.</summary>
    public const int PayloadBytesMax = 64 * 1024 * 1024;

    private RowsPayload? payload;

    /// <param name="type">Element type.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="ids">[Count] the caller's row numbers, or empty where rows are numbered 0..Count.</param>
    /// <param name="experts">[Count] the expert each row goes to, or empty.</param>
    /// <param name="payload">The values; owned by the new object.</param>
    public Rows(RowsType type, int count, int width, ReadOnlyMemory<int> ids, ReadOnlyMemory<int> experts, RowsPayload payload)
    {
        if (ids.Length != 0 && ids.Length != count)
            throw new ArgumentException($"{count} rows need {count} ids, found {ids.Length}", nameof(ids));
        if (experts.Length != 0 && experts.Length != count)
            throw new ArgumentException($"{count} rows need {count} experts, found {experts.Length}", nameof(experts));
        Type = type;
        Count = count;
        Width = width;
        Ids = ids;
        Experts = experts;
        this.payload = payload;
    }

    public RowsType Type { get; }

    public int Count { get; }

    public int Width { get; }

    public ReadOnlyMemory<int> Ids { get; }

    public ReadOnlyMemory<int> Experts { get; }

    /// <summary>Bytes of the values: Count x Width x bytes of an element.</summary>
    public int PayloadBytes => checked(Count * Width * ElementBytes(Type));

    /// <summary>Writing them into a message disposes them: nobody else will.</summary>
    public bool EndWithMessage { get; private init; }

    /// <summary>
    /// Rows that a grain answers with. A caller in the same host gets this object and disposes it; for a caller elsewhere it is written
    /// into a message and disposed with that. Takes the payload over: these rows are consumed.
    /// </summary>
    public Rows AsAnswer()
    {
        var taken = Interlocked.Exchange(ref payload, null) ?? throw new ObjectDisposedException(nameof(Rows), "the rows were already consumed");
        return new Rows(Type, Count, Width, Ids, Experts, taken) { EndWithMessage = true };
    }

    /// <exception cref="ObjectDisposedException">After dispose.</exception>
    public RowsPayload Payload => payload ?? throw new ObjectDisposedException(nameof(Rows), "the rows were already consumed");

    public static int ElementBytes(RowsType type) => type switch
    {
        RowsType.BF16 => 2,
        RowsType.F32 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown type of rows"),
    };

    public void Dispose() => Interlocked.Exchange(ref payload, null)?.Dispose();
}

/// <summary>Where the values of <see cref="Rows"/> are: in host memory, or (inside one host) still on the device.</summary>
public abstract class RowsPayload : IDisposable
{
    public abstract void Dispose();
}

/// <summary>Values that never leave their host, such as a device tensor that may still be pending.</summary>
public abstract class LocalPayload : RowsPayload;
