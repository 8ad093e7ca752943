using System.Buffers;
using CsCheck;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Llama4.Contracts.Tests;

public sealed class RowsCodecTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(Rows).Assembly)).BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void Rows_WhenWrittenAndRead_AreTheSameBytes()
    {
        Gen.Select(Gen.Int[0, 70], Gen.Int[0, 300], Gen.Bool, Gen.Bool, Gen.Int).Sample((count, width, bf16, tagged, seed) =>
        {
            var before = PooledPayload.Outstanding;
            var ids = tagged ? Enumerable.Range(seed & 0xffff, count).ToArray() : [];
            using var rows = NewRows(bf16 ? RowsType.BF16 : RowsType.F32, count, width, ids, ids, seed);
            using var read = Serializer.Deserialize<Rows>(Serializer.SerializeToArray(rows)).ShouldNotBeNull();
            read.Type.ShouldBe(rows.Type);
            (read.Count, read.Width).ShouldBe((count, width));
            read.Ids.ToArray().ShouldBe(ids);
            read.Experts.ToArray().ShouldBe(ids);
            ((PooledPayload)read.Payload).Span.SequenceEqual(((PooledPayload)rows.Payload).Span).ShouldBeTrue();
            PooledPayload.Outstanding.ShouldBe(before + 2);
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void Rows_WhenPayloadIsLarge_CrossTheTransportsBlocks()
    {
        using var rows = NewRows(RowsType.BF16, 513, 5120, [], [], 7);
        using var read = Serializer.Deserialize<Rows>(Serializer.SerializeToArray(rows)).ShouldNotBeNull();
        ((PooledPayload)read.Payload).Span.SequenceEqual(((PooledPayload)rows.Payload).Span).ShouldBeTrue();
    }

    [Fact]
    public void Header_WhenAnyByteIsDamaged_IsRefusedOrStillConsistent()
    {
        using var rows = NewRows(RowsType.BF16, 3, 5, [1, 2, 3], [7, 8, 9], 1);
        var output = new ArrayBufferWriter<byte>();
        RowsHeader.Write(output, rows);
        for (var i = 0; i < output.WrittenCount; i++)
            for (var value = 0; value < 256; value++)
            {
                var damaged = output.WrittenSpan.ToArray();
                damaged[i] = (byte)value;
                try
                {
                    var header = RowsHeader.Read(damaged);
                    header.PayloadBytes.ShouldBe(header.Count * header.Width * Rows.ElementBytes(header.Type));
                }
                catch (RowsFormatException e)
                {
                    e.Message.ShouldStartWith("rows: ");
                }
            }
    }

    [Fact]
    public void Header_WhenCut_IsRefused()
    {
        using var rows = NewRows(RowsType.F32, 2, 4, [5, 6], [], 1);
        var output = new ArrayBufferWriter<byte>();
        RowsHeader.Write(output, rows);
        for (var length = 0; length < output.WrittenCount; length++)
            Should.Throw<RowsFormatException>(() => RowsHeader.Read(output.WrittenMemory[..length]));
    }

    [Fact]
    public void Rows_WhenPayloadIsLocal_AreNotWritten()
    {
        using var rows = new Rows(RowsType.BF16, 1, 1, default, default, new DevicePayload());
        Should.Throw<InvalidOperationException>(() => Serializer.SerializeToArray(rows)).Message.ShouldContain("belong to their host");
    }

    [Fact]
    public void Rows_WhenUsedAfterDispose_Throw()
    {
        var rows = NewRows(RowsType.BF16, 1, 1, [], [], 1);
        rows.Dispose();
        rows.Dispose();
        Should.Throw<ObjectDisposedException>(() => rows.Payload);
    }

    private static Rows NewRows(RowsType type, int count, int width, int[] ids, int[] experts, int seed)
    {
        var payload = PooledPayload.Rent(count * width * Rows.ElementBytes(type));
        new Random(seed).NextBytes(payload.Span);
        return new Rows(type, count, width, ids, experts, payload);
    }

    private sealed class DevicePayload : LocalPayload
    {
        public override void Dispose()
        {
        }
    }
}
