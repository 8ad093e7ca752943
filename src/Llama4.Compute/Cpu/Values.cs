using System.Runtime.CompilerServices;
using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>What a command knows of a tensor: raw memory and shape. Valid on the device's threads until the command ends.</summary>
internal readonly unsafe struct Values(byte* data, DType type, int rows, int width)
{
    public readonly byte* Data = data;
    public readonly DType Type = type;
    public readonly int Rows = rows;
    public readonly int Width = width;

    public bool IsBf16 => Type == DType.BF16;

    public int* Integers => (int*)Data;

    public float* Floats => (float*)Data;

    public long RowBytes => (long)Width * Type.Bytes();

    public Values Row(int row) => new(Data + row * RowBytes, Type, 1, Width);

    /// <summary>Columns column..column+16 of row 0, as many as <paramref name="count"/>; the rest are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Load<L>(int column, int count) where L : unmanaged, ILanes<L>
    {
        if (count >= 16)
        {
            return IsBf16 ? L.LoadBf16((ushort*)Data + column) : L.Load((float*)Data + column);
        }

        return LoadPart<L>(column, count);
    }

    /// <summary>Stores as many as <paramref name="count"/> lanes, rounded if this is BF16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<L>(L value, int column, int count) where L : unmanaged, ILanes<L>
    {
        if (count >= 16)
        {
            if (IsBf16)
            {
                L.StoreBf16(value, (ushort*)Data + column);
            }
            else
            {
                L.Store(value, (float*)Data + column);
            }
        }
        else
        {
            StorePart(value, column, count);
        }
    }

    /// <summary>R(x): what <see cref="Store"/> would keep.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Round<L>(L value) where L : unmanaged, ILanes<L> => IsBf16 ? L.RoundToBf16(value) : value;

    private L LoadPart<L>(int column, int count) where L : unmanaged, ILanes<L>
    {
        float* part = stackalloc float[16];
        new Span<float>(part, 16).Clear();
        for (int i = 0; i < count; i++)
        {
            part[i] = IsBf16 ? BFloat.Widen(((ushort*)Data)[column + i]) : ((float*)Data)[column + i];
        }

        return L.Load(part);
    }

    private void StorePart<L>(L value, int column, int count) where L : unmanaged, ILanes<L>
    {
        float* part = stackalloc float[16];
        L.Store(value, part);
        for (int i = 0; i < count; i++)
        {
            if (IsBf16)
            {
                ((ushort*)Data)[column + i] = BFloat.Round(part[i]);
            }
            else
            {
                ((float*)Data)[column + i] = part[i];
            }
        }
    }
}
