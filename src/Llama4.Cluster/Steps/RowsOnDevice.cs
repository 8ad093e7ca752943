using System.Runtime.InteropServices;
using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Steps;

/// <summary>Between the wire's rows and the device's.</summary>
internal static class RowsOnDevice
{
    /// <summary>The wire's name for what activations are kept in.</summary>
    public static RowsType RowsType(this ComputeMode mode) => mode == ComputeMode.Bf16 ? Contracts.RowsType.BF16 : Contracts.RowsType.F32;

    /// <summary>Raw row-major elements of the tensor's own type.</summary>
    public static void UploadBytes(this IDevice device, ReadOnlySpan<byte> values, Tensor destination)
    {
        if (destination.DType == DType.BF16)
            device.Upload(MemoryMarshal.Cast<byte, ushort>(values), destination);
        else
            device.Upload(MemoryMarshal.Cast<byte, float>(values), destination);
    }

    /// <summary>Rows from another host as a tensor; they stay the caller's, who disposes the tensor too.</summary>
    /// <exception cref="RowsFormatException">They are not rows of this model in this mode.</exception>
    public static Tensor UploadRows(this ModelHost host, Rows rows, object receiver)
    {
        host.RequireRows(rows, receiver);
        var tensor = host.Device.Rent(host.Mode.Activations(), rows.Count, rows.Width);
        host.Device.UploadBytes(((PooledPayload)rows.Payload).Bytes.Span, tensor);
        return tensor;
    }

    /// <summary>A tensor's rows in a host buffer that the result owns.</summary>
    /// <param name="ids">[rows] or empty.</param>
    /// <param name="experts">[rows] or empty.</param>
    public static async ValueTask<Rows> DownloadRowsAsync(
        this ModelHost host, Tensor tensor, ReadOnlyMemory<int> ids = default, ReadOnlyMemory<int> experts = default)
    {
        var payload = PooledPayload.Rent(checked((int)tensor.Bytes));
        try
        {
            await host.Device.DownloadAsync(tensor, payload.Bytes);
            return new Rows(host.Mode.RowsType(), tensor.Rows, tensor.Width, ids, experts, payload);
        }
        catch
        {
            payload.Dispose();
            throw;
        }
    }

    /// <exception cref="RowsFormatException">They are not rows of this model in this mode.</exception>
    public static void RequireRows(this ModelHost host, Rows rows, object receiver)
    {
        var type = host.Mode.RowsType();
        if (rows.Type != type || rows.Width != host.Config.HiddenSize || rows.Count < 1)
            throw new RowsFormatException($"{receiver}: expected at least one row of {host.Config.HiddenSize} {type} values, found {rows.Count} rows of {rows.Width} {rows.Type}");
    }
}
