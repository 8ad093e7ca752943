using System.Runtime.InteropServices;
using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>Numbers as rows of a message and back: a row of four bf16 values holds one.</summary>
internal static class Numbers
{
    private const int Width = sizeof(ulong) / 2;

    public static Rows ToRows(ReadOnlySpan<ulong> numbers, int[]? experts = null)
    {
        var payload = PooledPayload.Rent(numbers.Length * sizeof(ulong));
        MemoryMarshal.AsBytes(numbers).CopyTo(payload.Span);
        return new Rows(RowsType.BF16, numbers.Length, Width, default, experts, payload);
    }

    public static ulong[] From(Rows rows) => MemoryMarshal.Cast<byte, ulong>(((PooledPayload)rows.Payload).Span).ToArray();

    /// <summary>As a message brings it: another object with a buffer of its own.</summary>
    public static Rows Copy(Rows rows)
    {
        var copy = ToRows(From(rows), rows.Experts.ToArray());
        return copy;
    }
}
