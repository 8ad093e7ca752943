using System.Runtime.InteropServices;
using Llama4.Contracts;

namespace Llama4.Cluster.Experts;

/// <summary>The rows of a step that one owner is asked to run.</summary>
internal static class OwnedRows
{
    /// <summary>Those assigned to the owner, in a host buffer that the result owns; null for none.</summary>
    /// <param name="all">[rows of the step]; stays the caller's.</param>
    /// <param name="choices">[rows] experts, as 32-bit integers.</param>
    /// <param name="assigned">[rows or more] each row's owner.</param>
    public static Rows? Gather(int owner, Rows all, ReadOnlySpan<byte> choices, int[] assigned)
    {
        var chosen = MemoryMarshal.Cast<byte, int>(choices);
        var count = assigned.AsSpan(0, all.Count).Count(owner);
        if (count == 0)
            return null;
        var (rows, experts) = (new int[count], new int[count]);
        var rowBytes = all.PayloadBytes / all.Count;
        var from = ((PooledPayload)all.Payload).Span;
        var payload = PooledPayload.Rent(count * rowBytes);
        for (int row = 0, i = 0; i < count; row++)
        {
            if (assigned[row] != owner)
                continue;
            (rows[i], experts[i]) = (row, chosen[row]);
            from.Slice(row * rowBytes, rowBytes).CopyTo(payload.Span[(i * rowBytes)..]);
            i++;
        }
        return new Rows(all.Type, count, all.Width, rows, experts, payload);
    }
}
