namespace Llama4.Compute.Kernels;

/// <summary>
/// Sixteen fp32 values, the one width all kernels are written for. Each machine width implements it with its own
/// vectors (one of 512 bits, two of 256, four of 128); every member has one exactly defined result, so the bits of
/// a kernel do not depend on the width. Multiply and add are fused only where the kernel says so.
/// </summary>
internal unsafe interface ILanes<T> where T : unmanaged, ILanes<T>
{
    static abstract T Zero { get; }

    static abstract T Broadcast(float value);

    /// <summary>Asks for a cache line to be brought near. No effect on results; nothing happens for an address that is not mapped.</summary>
    static abstract void Prefetch(void* address);

    static abstract T Load(float* source);

    static abstract void Store(T value, float* destination);

    /// <summary>Sixteen bf16 widened.</summary>
    static abstract T LoadBf16(ushort* source);

    /// <summary>Rounded to nearest even; NaN stays NaN.</summary>
    static abstract void StoreBf16(T value, ushort* destination);

    /// <summary>The low halves of sixteen 32-bit lanes: even k of a bf16 panel.</summary>
    static abstract T EvenBf16(uint* source);

    /// <summary>The high halves of sixteen 32-bit lanes: odd k of a bf16 panel.</summary>
    static abstract T OddBf16(uint* source);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract T FusedMultiplyAdd(T a, T b, T c);

    /// <summary>a &lt; b ? yes : no, lane by lane; false where either is NaN.</summary>
    static abstract T SelectLess(T a, T b, T yes, T no);

    /// <summary>Lanes 1, 0, 3, 2, ….</summary>
    static abstract T SwapPairs(T value);

    /// <summary>Lanes 0, 0, 2, 2, ….</summary>
    static abstract T RepeatEven(T value);

    /// <summary>Lanes 1, 1, 3, 3, ….</summary>
    static abstract T RepeatOdd(T value);

    /// <summary>Rounded to bf16 precision, still fp32.</summary>
    static abstract T RoundToBf16(T value);

    /// <summary>value·2^n, n in the low mantissa bits of <paramref name="shifted"/> = n + 1.5·2^23; exact but for one rounding when the result is subnormal.</summary>
    static abstract T ScaleByPowerOfTwo(T value, T shifted);

    /// <summary>Fixed tree: lanes i and i+8, then i and i+4, i+2, i+1.</summary>
    static abstract float Sum(T value);

    static abstract float Largest(T value);
}
