using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>How a panel of 16 outputs stores two consecutive k.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of two k of 16 outputs.</summary>
    static abstract int PairBytes { get; }

    static abstract L Even<L>(byte* pair) where L : unmanaged, ILanes<L>;

    static abstract L Odd<L>(byte* pair) where L : unmanaged, ILanes<L>;
}

/// <summary>32-bit lanes: even k in the low half, odd k in the high half.</summary>
internal readonly unsafe struct Bf16Panel : IPanelFormat
{
    public static int PairBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Even<L>(byte* pair) where L : unmanaged, ILanes<L> => L.EvenBf16((uint*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Odd<L>(byte* pair) where L : unmanaged, ILanes<L> => L.OddBf16((uint*)pair);
}

/// <summary>fp32, k by k.</summary>
internal readonly unsafe struct F32Panel : IPanelFormat
{
    public static int PairBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Even<L>(byte* pair) where L : unmanaged, ILanes<L> => L.Load((float*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Odd<L>(byte* pair) where L : unmanaged, ILanes<L> => L.Load((float*)pair + 16);
}
