using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Llama4.Contracts;

/// <summary>
/// Something a grain hands to another grain of the same host by reference: it holds device memory or other things that
/// mean nothing elsewhere. Writing one into a message between hosts is a broken invariant and throws.
/// </summary>
[Immutable]
public abstract class HostLocal;

/// <summary>Refuses to write <see cref="HostLocal"/> objects, and hands them on uncopied inside a host.</summary>
[RegisterSerializer, RegisterCopier]
public sealed class HostLocalCodec : IFieldCodec<HostLocal>, IDeepCopier<HostLocal>
{
    [return: NotNullIfNotNull(nameof(input))]
    public HostLocal? DeepCopy(HostLocal? input, CopyContext context) => input;

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, HostLocal? value)
        where TBufferWriter : IBufferWriter<byte> =>
        throw new InvalidOperationException($"{value?.GetType().Name ?? "null"} belongs to its host: the placement sent a host-local call to another host");

    public HostLocal ReadValue<TInput>(ref Reader<TInput> reader, Field field) =>
        throw new RowsFormatException("a message holds a host-local object: expected none between hosts");
}
