using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>Arrays onto a device and back.</summary>
internal static class DeviceValues
{
    public static Tensor Put<T>(this IDevice device, DType type, T[] values, int rows) where T : unmanaged
    {
        var tensor = device.Rent(type, rows, values.Length / rows);
        device.Upload<T>(values, tensor);
        return tensor;
    }

    public static async Task<T[]> ReadAsync<T>(this IDevice device, Tensor tensor) where T : unmanaged
    {
        var bytes = new byte[tensor.Bytes];
        await device.DownloadAsync(tensor, bytes);
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }
}
