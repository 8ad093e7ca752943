using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Llama4.Contracts;

/// <summary>
/// Writes <see cref="Rows"/> into Orleans messages as one length-prefixed MessagePack value, preceded by the length of its
/// header. Buffers: the caller's payload is read in place and stays the caller's, an answer's is given back when it is written; the reader's payload is a new pooled
/// buffer that belongs to the rows returned. Inside a host nothing is written: the copier hands on the same object.
/// </summary>
[RegisterSerializer, RegisterCopier]
public sealed class RowsCodec : IFieldCodec<Rows>, IDeepCopier<Rows>
{
    [return: NotNullIfNotNull(nameof(input))]
    public Rows? DeepCopy(Rows? input, CopyContext context) => input;

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, [AllowNull] Rows value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
            return;
        ArgumentNullException.ThrowIfNull(value);
        if (value.Payload is not PooledPayload payload)
            throw new InvalidOperationException($"rows with a {value.Payload.GetType().Name} belong to their host: expected a host payload in a message between hosts");
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(Rows), WireType.LengthPrefixed);
        var header = new ArrayBufferWriter<byte>(64 + 5 * (value.Ids.Length + value.Experts.Length));
        RowsHeader.Write(header, value);
        var prefix = VarIntBytes((uint)header.WrittenCount);
        writer.WriteVarUInt32(checked((uint)(prefix + header.WrittenCount + payload.Span.Length)));
        writer.WriteVarUInt32((uint)header.WrittenCount);
        writer.Write(header.WrittenSpan);
        writer.Write(payload.Span);
        if (value.EndWithMessage)
            value.Dispose();
    }

    [return: MaybeNull]
    public Rows ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
            return ReferenceCodec.ReadReference<Rows, TInput>(ref reader, field);
        field.EnsureWireType(WireType.LengthPrefixed);
        var total = reader.ReadVarUInt32();
        var headerLength = reader.ReadVarUInt32();
        var headerMax = 64 + 10 * RowsHeader.RowsMax;
        if (headerLength > headerMax || headerLength > total)
            throw new RowsFormatException($"rows: expected a header of at most {Math.Min(headerMax, total)} bytes, found {headerLength}");
        var scratch = ArrayPool<byte>.Shared.Rent((int)headerLength);
        try
        {
            reader.ReadBytes(scratch.AsSpan(0, (int)headerLength));
            var (type, count, width, ids, experts, bytes) = RowsHeader.Read(scratch.AsMemory(0, (int)headerLength));
            var found = total - headerLength - VarIntBytes(headerLength);
            if (found != bytes)
                throw new RowsFormatException($"rows: expected {bytes} payload bytes in the message, found {found}");
            var payload = PooledPayload.Rent(bytes);
            try
            {
                reader.ReadBytes(payload.Span);
            }
            catch
            {
                payload.Dispose();
                throw;
            }

            var rows = new Rows(type, count, width, ids, experts, payload);
            ReferenceCodec.RecordObject(reader.Session, rows);
            return rows;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>Bytes of a number in Orleans' variable-length form: 7 bits a byte.</summary>
    private static int VarIntBytes(uint value) => (BitOperations.Log2(value | 1) + 7) / 7;
}
