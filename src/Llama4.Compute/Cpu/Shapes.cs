using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>The checks at the calls: a mismatch is a broken invariant of the caller and throws with the numbers.</summary>
internal static class Shapes
{
    public static void RequireExtent(DType type, int rows, int width)
    {
        if (type is not (DType.F32 or DType.BF16 or DType.I32))
        {
            throw new ArgumentException($"a tensor is F32, BF16 or I32, not {type}");
        }

        if (rows < 0 || width < 1)
        {
            throw new ArgumentException($"a tensor has rows >= 0 and width >= 1, not [{rows}, {width}]");
        }
    }

    public static void RequireKv(KvShape shape)
    {
        if (shape.Blocks < 1 || shape.Heads < 1 || shape.HeadDim is < 2 or > AttentionShapes.HeadDimMax
            || shape.HeadDim % 2 != 0 || shape.DType is not (DType.F32 or DType.BF16))
        {
            throw new ArgumentException(
                $"a KV cache has blocks and heads, an even head size up to {AttentionShapes.HeadDimMax} and type F32 or BF16; got {shape}");
        }
    }

    /// <summary>At least one block, all of the cache, and bytes that are exactly these blocks.</summary>
    public static void RequireBlocks(KvCache cache, ReadOnlySpan<int> blocks, long bytes)
    {
        if (blocks.IsEmpty || bytes != (long)blocks.Length * cache.BlockBytes)
        {
            throw new ArgumentException($"{blocks.Length} blocks of {cache.BlockBytes} bytes do not fill {bytes} bytes, or are none");
        }

        foreach (int block in blocks)
        {
            if ((uint)block >= (uint)cache.Shape.Blocks)
            {
                throw new ArgumentException($"block {block} is not one of the cache's {cache.Shape.Blocks}");
            }
        }
    }

    public static void RequireRows(Tensor tensor, int firstRow, int rows)
    {
        if (firstRow < 0 || rows < 0 || (long)firstRow + rows > tensor.Rows)
        {
            throw new ArgumentException($"rows {firstRow}..{(long)firstRow + rows} are not inside {tensor}");
        }
    }

    public static void RequireReshape(Tensor source, int rows, int width)
    {
        RequireExtent(source.DType, rows, width);
        if ((long)rows * width != (long)source.Rows * source.Width)
        {
            throw new ArgumentException($"{source} cannot become [{rows}, {width}]: {(long)source.Rows * source.Width} elements are not {(long)rows * width}");
        }
    }

    public static void RequireUpload(long values, int elementBytes, Tensor destination)
    {
        if (elementBytes != destination.DType.Bytes() || values != (long)destination.Rows * destination.Width)
        {
            throw new ArgumentException($"{values} values of {elementBytes} bytes do not fill {destination}");
        }
    }

    public static void RequireDownload(Tensor source, long bytes)
    {
        if (bytes != source.Bytes)
        {
            throw new ArgumentException($"{bytes} bytes cannot hold {source} of {source.Bytes} bytes exactly");
        }
    }

    public static void RequireSame<T>(T expected, T found, string what) where T : IEquatable<T>
    {
        if (!expected.Equals(found))
        {
            throw new ArgumentException($"{what} differ: expected {expected}, found {found}");
        }
    }

    public static void RequireSame(DType expected, DType found, string what)
    {
        if (expected != found)
        {
            throw new ArgumentException($"{what} differ: expected {expected}, found {found}");
        }
    }

    /// <summary>Type and extents; -1 stands for any.</summary>
    public static void Require(Tensor tensor, DType type, int rows, int width, string name)
    {
        if (tensor.DType != type || (rows >= 0 && tensor.Rows != rows) || (width >= 0 && tensor.Width != width))
        {
            throw new ArgumentException(
                $"{name} must be {type} [{(rows < 0 ? "any" : rows)}, {(width < 0 ? "any" : width)}], found {tensor}");
        }
    }

    /// <summary>F32 or BF16 with these extents; -1 stands for any.</summary>
    public static void RequireFloats(Tensor tensor, int rows, int width, string name)
    {
        if (tensor.DType is not (DType.F32 or DType.BF16))
        {
            throw new ArgumentException($"{name} must be F32 or BF16, found {tensor}");
        }

        Require(tensor, tensor.DType, rows, width, name);
    }

    public static void RequireColumns(Tensor tensor, int firstColumn, long columns)
    {
        if (firstColumn < 0 || columns < 0 || firstColumn + columns > tensor.Width)
        {
            throw new ArgumentException($"columns {firstColumn}..{firstColumn + columns} are not inside {tensor}");
        }
    }
}
