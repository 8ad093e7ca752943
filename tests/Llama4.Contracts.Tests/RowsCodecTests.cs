using System.Buffers;
using CsCheck;
using Llama4.Contracts;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Llama4.Contracts.Tests;

/// <summary>Through the serializer and the copier that the grains' calls use. One class, since the count of pooled buffers is the process's.</summary>
[Collection(nameof(PooledPayload))]
public sealed class RowsCodecTests
{
    private static readonly ServiceProvider Services =
        new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(Rows).Assembly)).AddHostLocal().BuildServiceProvider();

    private static readonly Serializer Serializer = Services.GetRequiredService<Serializer>();

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
    public void Message_WhenAnyByteIsDamaged_IsReadOrRefusedAndKeepsNoBuffer()
    {
        using var rows = NewRows(RowsType.BF16, 3, 5, [1, 2, 3], [7, 8, 9], 1);
        var message = Serializer.SerializeToArray(rows);
        var before = PooledPayload.Outstanding;
        for (var i = 0; i < message.Length; i++)
            for (var value = 0; value < 256; value++)
            {
                byte[] damaged = [.. message];
                damaged[i] = (byte)value;
                ReadAny(damaged);
                PooledPayload.Outstanding.ShouldBe(before, $"byte {i} as {value}");
            }
    }

    [Fact]
    public void Message_WhenCutAnywhere_IsRefusedAndKeepsNoBuffer()
    {
        using var rows = NewRows(RowsType.BF16, 3, 5, [1, 2, 3], [], 1);
        var message = Serializer.SerializeToArray(rows);
        var before = PooledPayload.Outstanding;

        // The last byte closes Orleans' own frame: the rows end before it.
        for (var length = 0; length < message.Length - 1; length++)
        {
            Should.Throw<Exception>(() => Serializer.Deserialize<Rows>(message.AsSpan(0, length)));
            PooledPayload.Outstanding.ShouldBe(before, $"{length} bytes");
        }
    }

    [Theory]
    [InlineData(65537, 1, "rows")]
    [InlineData(-1, 1, "rows")]
    [InlineData(1, -1, "width")]
    [InlineData(65536, 1024, "payload")]
    [InlineData(2, 5, "payload")]
    [InlineData(65536, 65536, "payload")]
    public void Header_WhenItsNumbersLie_IsRefusedWithThem(int count, int width, string what)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(7);
        foreach (var number in (int[])[RowsHeader.Version, (int)RowsType.BF16, count, width])
            writer.Write(number);
        writer.WriteNil();
        writer.WriteNil();
        writer.WriteBinHeader(8);
        writer.Flush();

        Should.Throw<RowsFormatException>(() => RowsHeader.Read(output.WrittenMemory)).Message.ShouldContain($"expected {(what == "payload" ? "a payload" : what)}");
    }

    [Fact]
    public void Header_WhenItNamesMoreIdsThanRows_IsRefusedBeforeRoomIsMadeForThem()
    {
        // An array header of 2^32 - 1 ids behind one row.
        byte[] header = [0x97, 1, 2, 1, 1, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF];
        Should.Throw<RowsFormatException>(() => RowsHeader.Read(header));
    }

    [Fact]
    public void Copier_WhenACallStaysInItsHost_HandsOnTheSameObjects()
    {
        using var rows = new Rows(RowsType.BF16, 1, 1, default, default, new DevicePayload());
        var copier = Services.GetRequiredService<DeepCopier>();

        copier.Copy(rows).ShouldBeSameAs(rows);
        copier.Copy(new List<Rows> { rows }).ShouldNotBeNull().Single().ShouldBeSameAs(rows);
    }

    [Fact]
    public void Rows_WhenTwiceInAMessageOrNotAtAll_AreOneObjectOrNull()
    {
        using var rows = NewRows(RowsType.F32, 2, 3, [], [], 1);
        var before = PooledPayload.Outstanding;

        var read = Serializer.Deserialize<List<Rows?>>(Serializer.SerializeToArray(new List<Rows?> { rows, null, rows })).ShouldNotBeNull();

        read[1].ShouldBeNull();
        read[2].ShouldBeSameAs(read[0]);
        PooledPayload.Outstanding.ShouldBe(before + 1);
        read[0]!.Dispose();
        PooledPayload.Outstanding.ShouldBe(before);
    }

    [Fact]
    public void HostLocal_WhenAMessageWouldLeaveItsHost_IsNotWritten() =>
        Should.Throw<InvalidOperationException>(() => Serializer.SerializeToArray<HostLocal>(new Step())).Message.ShouldContain("belongs to its host");

    /// <summary>5 MB there and back: the payloads come from the pool, and nothing else is as large.</summary>
    [Fact]
    public void Rows_WhenWrittenAndRead_AllocateNothingOfThePayloadsSize()
    {
        var message = new ArrayBufferWriter<byte>(8 << 20);
        void ThereAndBack()
        {
            using var rows = new Rows(RowsType.BF16, 512, 5120, default, default, PooledPayload.Rent(512 * 5120 * 2));
            message.ResetWrittenCount();
            Serializer.Serialize(rows, message);
            using var read = Serializer.Deserialize<Rows>(new ReadOnlySequence<byte>(message.WrittenMemory));
        }
        ThereAndBack();
        var before = GC.GetAllocatedBytesForCurrentThread();

        ThereAndBack();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4096);
    }

    [Fact]
    public void HostLocal_InsideAHost_IsHandedOnUncopied()
    {
        var step = new Step();
        Services.GetRequiredService<DeepCopier>().Copy(step).ShouldBeSameAs(step);
    }

    [Fact]
    public void Answer_WhenWritten_GivesItsBufferBack()
    {
        var before = PooledPayload.Outstanding;
        var answer = NewRows(RowsType.BF16, 2, 3, [], [], 1).AsAnswer();

        Serializer.SerializeToArray(answer);

        PooledPayload.Outstanding.ShouldBe(before);
        Should.Throw<ObjectDisposedException>(() => answer.Payload);
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

    /// <summary>A damaged message may still be one; whatever else it is, it must end in an exception and not in a crash.</summary>
    private static void ReadAny(byte[] message)
    {
        try
        {
            Serializer.Deserialize<Rows>(message)?.Dispose();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or AccessViolationException or NullReferenceException or IndexOutOfRangeException))
        {
            e.Message.ShouldNotBeEmpty();
        }
    }

    private static Rows NewRows(RowsType type, int count, int width, int[] ids, int[] experts, int seed)
    {
        var payload = PooledPayload.Rent(count * width * Rows.ElementBytes(type));
        new Random(seed).NextBytes(payload.Span);
        return new Rows(type, count, width, ids, experts, payload);
    }

    private sealed class Step : HostLocal;

    private sealed class DevicePayload : LocalPayload
    {
        public override void Dispose()
        {
        }
    }
}
