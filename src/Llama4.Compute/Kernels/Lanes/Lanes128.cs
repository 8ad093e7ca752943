using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llama4.Compute.Kernels;

/// <summary>Sixteen lanes as four 128-bit vectors (SSE, NEON, or the runtime's software fallback).</summary>
internal readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) : ILanes<Lanes128>
{
    private readonly Vector128<float> _a = a;
    private readonly Vector128<float> _b = b;
    private readonly Vector128<float> _c = c;
    private readonly Vector128<float> _d = d;

    public static Lanes128 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) =>
        new(Vector128.Create(value), Vector128.Create(value), Vector128.Create(value), Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, float* destination)
    {
        value._a.Store(destination);
        value._b.Store(destination + 4);
        value._c.Store(destination + 8);
        value._d.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBf16(ushort* source) =>
        new(Widened(Vector64.Load(source)), Widened(Vector64.Load(source + 4)), Widened(Vector64.Load(source + 8)), Widened(Vector64.Load(source + 12)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBf16(Lanes128 value, ushort* destination)
    {
        Vector128.Narrow(Rounded(value._a) >>> 16, Rounded(value._b) >>> 16).Store(destination);
        Vector128.Narrow(Rounded(value._c) >>> 16, Rounded(value._d) >>> 16).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 EvenBf16(uint* source) =>
        new((Vector128.Load(source) << 16).AsSingle(), (Vector128.Load(source + 4) << 16).AsSingle(), (Vector128.Load(source + 8) << 16).AsSingle(), (Vector128.Load(source + 12) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 OddBf16(uint* source) =>
        new((Vector128.Load(source) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Vector128.Load(source + 4) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Vector128.Load(source + 8) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Vector128.Load(source + 12) & Vector128.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._a + b._a, a._b + b._b, a._c + b._c, a._d + b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._a - b._a, a._b - b._b, a._c - b._c, a._d - b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._a * b._a, a._b * b._b, a._c * b._c, a._d * b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._a / b._a, a._b / b._b, a._c / b._c, a._d / b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FusedMultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(Vector128.FusedMultiplyAdd(a._a, b._a, c._a), Vector128.FusedMultiplyAdd(a._b, b._b, c._b), Vector128.FusedMultiplyAdd(a._c, b._c, c._c), Vector128.FusedMultiplyAdd(a._d, b._d, c._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SelectLess(Lanes128 a, Lanes128 b, Lanes128 yes, Lanes128 no) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a._a, b._a), yes._a, no._a), Vector128.ConditionalSelect(Vector128.LessThan(a._b, b._b), yes._b, no._b), Vector128.ConditionalSelect(Vector128.LessThan(a._c, b._c), yes._c, no._c), Vector128.ConditionalSelect(Vector128.LessThan(a._d, b._d), yes._d, no._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SwapPairs(Lanes128 value) =>
        new(
            Vector128.Shuffle(value._a, Vector128.Create(1, 0, 3, 2)),
            Vector128.Shuffle(value._b, Vector128.Create(1, 0, 3, 2)),
            Vector128.Shuffle(value._c, Vector128.Create(1, 0, 3, 2)),
            Vector128.Shuffle(value._d, Vector128.Create(1, 0, 3, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 RepeatEven(Lanes128 value) =>
        new(
            Vector128.Shuffle(value._a, Vector128.Create(0, 0, 2, 2)),
            Vector128.Shuffle(value._b, Vector128.Create(0, 0, 2, 2)),
            Vector128.Shuffle(value._c, Vector128.Create(0, 0, 2, 2)),
            Vector128.Shuffle(value._d, Vector128.Create(0, 0, 2, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 RepeatOdd(Lanes128 value) =>
        new(
            Vector128.Shuffle(value._a, Vector128.Create(1, 1, 3, 3)),
            Vector128.Shuffle(value._b, Vector128.Create(1, 1, 3, 3)),
            Vector128.Shuffle(value._c, Vector128.Create(1, 1, 3, 3)),
            Vector128.Shuffle(value._d, Vector128.Create(1, 1, 3, 3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 RoundToBf16(Lanes128 value) =>
        new((Rounded(value._a) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Rounded(value._b) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Rounded(value._c) & Vector128.Create(0xFFFF0000u)).AsSingle(), (Rounded(value._d) & Vector128.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ScaleByPowerOfTwo(Lanes128 value, Lanes128 shifted) =>
        new(Scaled(value._a, shifted._a), Scaled(value._b, shifted._b), Scaled(value._c, shifted._c), Scaled(value._d, shifted._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 value)
    {
        Vector128<float> four = (value._a + value._c) + (value._b + value._d);
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes128 value)
    {
        Vector128<float> four = Vector128.Max(Vector128.Max(value._a, value._c), Vector128.Max(value._b, value._d));
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widened(Vector64<ushort> bits) => (Vector128.WidenLower(bits.ToVector128Unsafe()) << 16).AsSingle();

    /// <summary>The bits with the bf16 result in the upper halves: add 0x7FFF and the lowest kept bit; a NaN only gets its quiet bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rounded(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> rounded = bits + Vector128.Create(0x7FFFu) + ((bits >>> 16) & Vector128<uint>.One);
        return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsUInt32(), rounded, bits | Vector128.Create(0x00400000u));
    }

    /// <summary>Two factors of half the exponent each, so that neither leaves the normal range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scaled(Vector128<float> value, Vector128<float> shifted)
    {
        Vector128<int> n = shifted.AsInt32() - Vector128.Create(0x4B400000);
        Vector128<int> half = n >> 1;
        Vector128<int> bias = Vector128.Create(127);
        return value * ((half + bias) << 23).AsSingle() * ((n - half + bias) << 23).AsSingle();
    }
}
