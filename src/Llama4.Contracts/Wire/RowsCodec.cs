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
/// buffer that belongs to the rows returned. Between hosts, payloads of <see cref="PayloadSender.BytesMin"/> bytes and more travel beside the
/// message, which has a <see cref="PayloadTicket"/> in their place. Inside a host nothing is written: the copier hands on the same object.
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
        var beside = payload.Span.Length >= PayloadSender.BytesMin && OfMessages<TBufferWriter>.Are ? PayloadSender.Current : null;
        var prefix = VarIntBytes((uint)header.WrittenCount);
        var rest = beside is null ? payload.Span.Length : PayloadTicket.Bytes;
        writer.WriteVarUInt32(checked((uint)(prefix + header.WrittenCount + rest)));
        writer.WriteVarUInt32((uint)header.WrittenCount);
        writer.Write(header.WrittenSpan);
        if (beside is null)
            writer.Write(payload.Span);
        else
            WriteTicket(ref writer, beside.Attach(payload));
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
        ExpectMore(ref reader, headerLength, "header");
        var scratch = ArrayPool<byte>.Shared.Rent((int)headerLength);
        try
        {
            reader.ReadBytes(scratch.AsSpan(0, (int)headerLength));
            var (type, count, width, ids, experts, bytes) = RowsHeader.Read(scratch.AsMemory(0, (int)headerLength));
            var found = total - headerLength - VarIntBytes(headerLength);
            var isBeside = found == PayloadTicket.Bytes && bytes >= PayloadSender.BytesMin;
            if (found != bytes && !isBeside)
                throw new RowsFormatException($"rows: expected {bytes} payload bytes in the message, found {found}");
            var payload = isBeside ? Claim(ReadTicket(ref reader), bytes) : ReadPayload(ref reader, bytes);
            var rows = new Rows(type, count, width, ids, experts, payload);
            ReferenceCodec.RecordObject(reader.Session, rows);
            return rows;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>Before room is made for them.</summary>
    private static void ExpectMore<TInput>(ref Reader<TInput> reader, long bytes, string what)
    {
        if (bytes > reader.Remaining)
            throw new RowsFormatException($"rows: expected a {what} of {bytes} bytes, found {reader.Remaining}");
    }

    private static PooledPayload ReadPayload<TInput>(ref Reader<TInput> reader, int bytes)
    {
        ExpectMore(ref reader, bytes, "payload");
        var payload = PooledPayload.Rent(bytes);
        try
        {
            reader.ReadBytes(payload.Span);
            return payload;
        }
        catch
        {
            payload.Dispose();
            throw;
        }
    }

    private static PooledPayload Claim(PayloadTicket ticket, int bytes)
    {
        var payload = PayloadArrivals.Claim(ticket) ?? throw new RowsFormatException($"rows: payload {ticket.Number} did not come beside the message");
        var found = payload.Span.Length;
        if (found == bytes)
            return payload;
        payload.Dispose();
        throw new RowsFormatException($"rows: expected {bytes} payload bytes beside the message, found {found}");
    }

    private static void WriteTicket<TBufferWriter>(ref Writer<TBufferWriter> writer, PayloadTicket ticket)
        where TBufferWriter : IBufferWriter<byte>
    {
        Span<byte> lane = stackalloc byte[16];
        ticket.Lane.TryWriteBytes(lane);
        writer.Write(lane);
        writer.WriteInt64(ticket.Number);
    }

    private static PayloadTicket ReadTicket<TInput>(ref Reader<TInput> reader)
    {
        Span<byte> lane = stackalloc byte[16];
        reader.ReadBytes(lane);
        return new PayloadTicket(new Guid(lane), reader.ReadInt64());
    }

    /// <summary>Bytes of a number in Orleans' variable-length form: 7 bits a byte.</summary>
    private static int VarIntBytes(uint value) => (BitOperations.Log2(value | 1) + 7) / 7;

    /// <summary>Whether it is messages that are written: other things go into memory, and nothing goes beside them. Orleans does not publish the type.</summary>
    private static class OfMessages<TBufferWriter>
    {
        public static readonly bool Are = typeof(TBufferWriter).FullName == "Orleans.Runtime.Messaging.MessageBufferWriter";
    }
}
