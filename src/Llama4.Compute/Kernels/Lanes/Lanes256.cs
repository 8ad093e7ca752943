using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llama4.Compute.Kernels;

/// <summary>Sixteen lanes as two 256-bit vectors (AVX2 and FMA).</summary>
internal readonly unsafe struct Lanes256(Vector256<float> a, Vector256<float> b) : ILanes<Lanes256>
{
    private readonly Vector256<float> _a = a;
    private readonly Vector256<float> _b = b;

    public static Lanes256 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* destination)
    {
        value._a.Store(destination);
        value._b.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBf16(ushort* source) => new(Widened(Vector128.Load(source)), Widened(Vector128.Load(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBf16(Lanes256 value, ushort* destination)
    {
        Vector256.Narrow(Rounded(value._a) >>> 16, Rounded(value._b) >>> 16).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 EvenBf16(uint* source) =>
        new((Vector256.Load(source) << 16).AsSingle(), (Vector256.Load(source + 8) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 OddBf16(uint* source) =>
        new((Vector256.Load(source) & Vector256.Create(0xFFFF0000u)).AsSingle(), (Vector256.Load(source + 8) & Vector256.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a._a + b._a, a._b + b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a._a - b._a, a._b - b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a._a * b._a, a._b * b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a._a / b._a, a._b / b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.FusedMultiplyAdd(a._a, b._a, c._a), Vector256.FusedMultiplyAdd(a._b, b._b, c._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SelectLess(Lanes256 a, Lanes256 b, Lanes256 yes, Lanes256 no) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a._a, b._a), yes._a, no._a), Vector256.ConditionalSelect(Vector256.LessThan(a._b, b._b), yes._b, no._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SwapPairs(Lanes256 value) =>
        new(Vector256.Shuffle(value._a, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)), Vector256.Shuffle(value._b, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 RepeatEven(Lanes256 value) =>
        new(Vector256.Shuffle(value._a, Vector256.Create(0, 0, 2, 2, 4, 4, 6, 6)), Vector256.Shuffle(value._b, Vector256.Create(0, 0, 2, 2, 4, 4, 6, 6)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 RepeatOdd(Lanes256 value) =>
        new(Vector256.Shuffle(value._a, Vector256.Create(1, 1, 3, 3, 5, 5, 7, 7)), Vector256.Shuffle(value._b, Vector256.Create(1, 1, 3, 3, 5, 5, 7, 7)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 RoundToBf16(Lanes256 value) =>
        new((Rounded(value._a) & Vector256.Create(0xFFFF0000u)).AsSingle(), (Rounded(value._b) & Vector256.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ScaleByPowerOfTwo(Lanes256 value, Lanes256 shifted) =>
        new(Scaled(value._a, shifted._a), Scaled(value._b, shifted._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 value)
    {
        Vector256<float> eight = value._a + value._b;
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes256 value)
    {
        Vector256<float> eight = Vector256.Max(value._a, value._b);
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widened(Vector128<ushort> bits)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(bits);
        return (Vector256.Create(low, high) << 16).AsSingle();
    }

    /// <summary>The bits with the bf16 result in the upper halves: add 0x7FFF and the lowest kept bit; a NaN only gets its quiet bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rounded(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, bits | Vector256.Create(0x00400000u));
    }

    /// <summary>Two factors of half the exponent each, so that neither leaves the normal range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scaled(Vector256<float> value, Vector256<float> shifted)
    {
        Vector256<int> n = shifted.AsInt32() - Vector256.Create(0x4B400000);
        Vector256<int> half = n >> 1;
        Vector256<int> bias = Vector256.Create(127);
        return value * ((half + bias) << 23).AsSingle() * ((n - half + bias) << 23).AsSingle();
    }
}
