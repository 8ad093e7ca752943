namespace Llama4.KernelBench;

/// <summary>What all layers of a step share: where its rows lie, and their angles.</summary>
internal sealed record BenchStep(Tensor Rows, Tensor Tables, Tensor Angles) : IDisposable
{
    /// <param name="sequences">Sequences of the step.</param>
    /// <param name="firstPosition">Positions each has cached before.</param>
    /// <param name="rowsPerSequence">Rows each adds.</param>
    public static BenchStep Create(IDevice device, BenchShape shape, int sequences, int firstPosition, int rowsPerSequence)
    {
        int blocks = (firstPosition + rowsPerSequence + KvShape.BlockPositions - 1) / KvShape.BlockPositions;
        int rows = sequences * rowsPerSequence;
        int[] positions = [.. Enumerable.Range(0, rows).Select(row => firstPosition + row % rowsPerSequence)];
        Tensor slots = Upload(device, [.. positions.SelectMany((position, row) => new[] { row / rowsPerSequence, position })], rows);
        Tensor tables = Upload(device, [.. Enumerable.Range(0, sequences * blocks)], sequences);
        using Tensor at = Upload(device, positions, rows);
        using Tensor frequencies = device.Rent(DType.F32, 1, shape.HeadDim / 2);
        device.Upload<float>([.. Enumerable.Range(0, shape.HeadDim / 2).Select(i => MathF.Pow(500_000, -2f * i / shape.HeadDim))], frequencies);
        Tensor angles = device.Rent(DType.F32, rows, shape.HeadDim);
        device.RopeAngles(at, frequencies, angles);
        return new BenchStep(slots, tables, angles);
    }

    public static Tensor Copy(IDevice device, Tensor source)
    {
        Tensor copy = device.Rent(source.DType, source.Rows, source.Width);
        device.CopyRows(source, 0, copy, 0, source.Rows);
        return copy;
    }

    public static Tensor Upload(IDevice device, int[] values, int rows)
    {
        Tensor tensor = device.Rent(DType.I32, rows, values.Length / rows);
        device.Upload<int>(values, tensor);
        return tensor;
    }

    public void Dispose()
    {
        Rows.Dispose();
        Tables.Dispose();
        Angles.Dispose();
    }
}
