namespace Llama4.Compute.Tests.Kernels;

/// <summary>Every member of every vector width against its one-line meaning, over ordinary and special values.</summary>
public unsafe class LanesTests
{
    private static readonly float[] Special =
    [
        0f, -0f, 1f, -1f, float.Epsilon, -float.Epsilon, 1.17549435e-38f, 3.3895314e38f, float.MaxValue, float.MinValue,
        float.PositiveInfinity, float.NegativeInfinity, 1.00390625f, 1.01171875f, -2.5f, 65504f,
    ];

    [Fact]
    public void Lanes512_OfEveryMember_MeansWhatItSays() => Check<Lanes512>();

    [Fact]
    public void Lanes256_OfEveryMember_MeansWhatItSays() => Check<Lanes256>();

    [Fact]
    public void Lanes128_OfEveryMember_MeansWhatItSays() => Check<Lanes128>();

    private static void Check<L>() where L : unmanaged, ILanes<L>
    {
        for (int seed = 0; seed < 20; seed++)
        {
            float[] a = Samples.Floats(seed, 16, 100), b = Samples.Floats(seed + 100, 16, 3), c = Samples.Floats(seed + 200, 16, 40);
            CheckWith<L>(a, b, c);
            CheckWith<L>(Special, b, c);
            CheckWith<L>(a, [.. Special.Skip(seed % 16), .. Special.Take(seed % 16)], Special);
        }

        Each<L>([.. Enumerable.Repeat(float.NaN, 16)], L.RoundToBf16, _ => float.NaN, "NaN stays NaN");
        BFloat.Round(BitConverter.UInt32BitsToSingle(0x7F800001)).ShouldBe((ushort)0x7FC0);
        CheckBf16<L>();
        CheckScale<L>();
    }

    private static void CheckWith<L>(float[] a, float[] b, float[] c) where L : unmanaged, ILanes<L>
    {
        L lb = Of<L>(b), lc = Of<L>(c);
        Each<L>(a, x => x + lb, i => a[i] + b[i], "+");
        Each<L>(a, x => x - lb, i => a[i] - b[i], "-");
        Each<L>(a, x => x * lb, i => a[i] * b[i], "*");
        Each<L>(a, x => x / lb, i => a[i] / b[i], "/");
        Each<L>(a, x => L.FusedMultiplyAdd(x, lb, lc), i => MathF.FusedMultiplyAdd(a[i], b[i], c[i]), "fused");
        Each<L>(a, x => L.SelectLess(x, lb, x, lc), i => a[i] < b[i] ? a[i] : c[i], "select");
        Each<L>(a, L.SwapPairs, i => a[i ^ 1], "swap");
        Each<L>(a, L.RepeatEven, i => a[i & ~1], "even");
        Each<L>(a, L.RepeatOdd, i => a[i | 1], "odd");
        Each<L>(a, L.RoundToBf16, i => Bf16.RoundTrip(a[i]), "round");
        Each<L>(a, x => L.Broadcast(L.Largest(x)), _ => a.Max(), "largest");
        Each<L>(a, _ => L.Zero, _ => 0f, "zero");
        if (a.All(float.IsFinite))
        {
            float[] tree = [.. a];
            for (int half = 8; half > 0; half /= 2)
            {
                for (int i = 0; i < half; i++)
                {
                    tree[i] += tree[i + half];
                }
            }

            Each<L>(a, x => L.Broadcast(L.Sum(x)), _ => tree[0], "sum");
        }
    }

    private static void CheckBf16<L>() where L : unmanaged, ILanes<L>
    {
        ushort* bits = stackalloc ushort[32];
        ushort* stored = stackalloc ushort[16];
        for (int first = 0; first < 0x10000; first += 16)
        {
            for (int i = 0; i < 16; i++)
            {
                bits[2 * i] = (ushort)(first + i);
                bits[2 * i + 1] = (ushort)(first + 15 - i);
            }

            Each<L>(new float[16], _ => L.EvenBf16((uint*)bits), i => Bf16.Widen((ushort)(first + i)), "even");
            Each<L>(new float[16], _ => L.OddBf16((uint*)bits), i => Bf16.Widen((ushort)(first + 15 - i)), "odd");
            for (int i = 0; i < 16; i++)
            {
                bits[i] = (ushort)(first + i);
            }

            Each<L>(new float[16], _ => L.LoadBf16(bits), i => Bf16.Widen((ushort)(first + i)), "load");
            L.StoreBf16(L.LoadBf16(bits), stored);
            for (int i = 0; i < 16; i++)
            {
                float value = Bf16.Widen(bits[i]);
                stored[i].ShouldBe(float.IsNaN(value) ? (ushort)(bits[i] | 0x40) : bits[i]);
            }
        }
    }

    private static void CheckScale<L>() where L : unmanaged, ILanes<L>
    {
        for (int n = -152; n <= 130; n++)
        {
            L shifted = L.Broadcast(n + 12582912f);
            Each<L>([.. Enumerable.Repeat(1.37f, 16)], x => L.ScaleByPowerOfTwo(x, shifted), _ => (float)(1.37f * Math.Pow(2, n)), $"2^{n}");
        }
    }

    private static L Of<L>(float[] values) where L : unmanaged, ILanes<L>
    {
        fixed (float* p = values)
        {
            return L.Load(p);
        }
    }

    private static void Each<L>(float[] x, Func<L, L> operation, Func<int, float> expected, string what) where L : unmanaged, ILanes<L>
    {
        var found = new float[16];
        fixed (float* p = found)
        {
            L.Store(operation(Of<L>(x)), p);
        }

        for (int i = 0; i < 16; i++)
        {
            float wanted = expected(i);
            bool same = float.IsNaN(wanted) ? float.IsNaN(found[i]) : BitConverter.SingleToInt32Bits(found[i]) == BitConverter.SingleToInt32Bits(wanted);
            if (!same)
            {
                Assert.Fail($"{typeof(L).Name} {what}, lane {i} of {x[i]:R}: {found[i]:R}, expected {wanted:R}");
            }
        }
    }
}
