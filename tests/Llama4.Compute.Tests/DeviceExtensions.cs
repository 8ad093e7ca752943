using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Compute.Tests;

/// <summary>Short ways to put arrays on a device and read them back.</summary>
internal static class DeviceExtensions
{
    public static Tensor Floats(this IDevice device, float[] values, int rows, DType type = DType.F32) =>
        device.Floats(values, rows, values.Length / rows, type);

    /// <summary>With the width given: also for no rows.</summary>
    public static Tensor Floats(this IDevice device, float[] values, int rows, int width, DType type = DType.F32)
    {
        Tensor tensor = device.Rent(type, rows, width);
        if (type == DType.BF16)
        {
            device.Upload<ushort>(Array.ConvertAll(values, Bf16.Round), tensor);
        }
        else
        {
            device.Upload<float>(values, tensor);
        }

        return tensor;
    }

    public static Tensor Integers(this IDevice device, int[] values, int rows)
    {
        Tensor tensor = device.Rent(DType.I32, rows, values.Length / rows);
        device.Upload<int>(values, tensor);
        return tensor;
    }

    public static async Task<float[]> ReadFloats(this IDevice device, Tensor tensor)
    {
        byte[] bytes = await device.ReadBytes(tensor);
        return tensor.DType == DType.BF16
            ? Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), Bf16.Widen)
            : MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    public static async Task<int[]> ReadIntegers(this IDevice device, Tensor tensor) =>
        MemoryMarshal.Cast<byte, int>(await device.ReadBytes(tensor)).ToArray();

    public static async Task<byte[]> ReadBytes(this IDevice device, Tensor tensor)
    {
        var bytes = new byte[tensor.Bytes];
        await device.DownloadAsync(tensor, bytes);
        return bytes;
    }

    public static async Task<Matrix> Matrix(
        this IDevice device, float[] values, int outputs, int inputs, DType storage = DType.BF16, MatrixLayout layout = MatrixLayout.OutIn)
    {
        using var bytes = ArrayBytes.Of(values);
        return await device.LoadMatrixAsync([new MatrixPart(bytes, DType.F32, outputs, inputs, layout, "w")], storage);
    }
}
