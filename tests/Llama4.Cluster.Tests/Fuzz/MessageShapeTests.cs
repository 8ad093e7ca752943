using System.Buffers;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Llama4.Cluster.Tests.Fuzz;

public sealed class MessageShapeTests
{
    private static readonly Serializer Serializer = new ServiceCollection()
        .AddSerializer(builder => builder.AddAssembly(typeof(Rows).Assembly)).AddHostLocal().BuildServiceProvider().GetRequiredService<Serializer>();

    private const byte Open = 0x20, Close = 0xE0;

    [Theory]
    [InlineData(MessageShape.DepthMax, true)]
    [InlineData(MessageShape.DepthMax + 1, false)]
    [InlineData(1_000_000, false)]
    public void Fields_AsDeepAsTheyMayBe_AreLetThrough(int depth, bool passes) =>
        Passes([.. Enumerable.Repeat(Open, depth), .. Enumerable.Repeat(Close, depth)]).ShouldBe(passes);

    [Fact]
    public void Fields_BesideEachOther_AreNotDeep() =>
        Passes([Open, .. Enumerable.Repeat<byte[]>([Open, Close], 100_000).SelectMany(pair => pair), Close]).ShouldBeTrue();

    /// <summary>Every kind of field with an opening tag in its value, which is none.</summary>
    [Theory]
    [InlineData("00" + "41")] // number: 1 byte
    [InlineData("00" + "8020202020202020")] // number: 8 bytes
    [InlineData("00" + "00022020202020202020")] // number: 10 bytes
    [InlineData("40" + "09" + "20202020")] // length and bytes
    [InlineData("60" + "20202020")] // 32 bits
    [InlineData("80" + "2020202020202020")] // 64 bits
    [InlineData("C0" + "41")] // reference
    [InlineData("07" + "41" + "41")] // id beside the tag
    [InlineData("08" + "41" + "41")] // well-known type
    [InlineData("10" + "01" + "20202020" + "09" + "20202020" + "41")] // type by name
    public void Values_AreNotTakenForFields(string field)
    {
        var one = Convert.FromHexString(field);
        // If a value's byte were read as a tag, these would pile up to more than may be.
        Passes([Open, .. Enumerable.Repeat(one, 10 * MessageShape.DepthMax).SelectMany(bytes => bytes), Close]).ShouldBeTrue();
        // And what comes behind them is seen.
        Passes([Open, .. one, .. Enumerable.Repeat(Open, MessageShape.DepthMax)]).ShouldBeFalse();
    }

    [Fact]
    public void Name_LongerThanNamesAre_IsRefused()
    {
        Passes([0x10, 1, 0, 0, 0, 0, .. VarNumber(MessageShape.TypeNameMax), .. new byte[MessageShape.TypeNameMax], 1]).ShouldBeTrue();
        Passes([0x10, 1, 0, 0, 0, 0, .. VarNumber(MessageShape.TypeNameMax + 1), .. new byte[MessageShape.TypeNameMax + 1], 1]).ShouldBeFalse();
    }

    [Fact]
    public void RealMessages_InPiecesOfAnySize_AreLetThrough()
    {
        Exception chain = new HostUnreachableException("innermost");
        for (var i = 0; i < 10; i++)
            chain = new InvalidOperationException($"level {i}", chain);
        using var rows = new Rows(RowsType.BF16, 2, 5, new[] { 1, 2 }, default, PooledPayload.Rent(20));
        foreach (var message in (object[])[chain, rows, new TokenChunk { Request = Guid.NewGuid(), TopLogprobs = [new(1, -0.5)] }, Enumerable.Range(0, 10_000).ToArray()])
        {
            var bytes = Serializer.SerializeToArray(message);
            foreach (var size in (int[])[1, 2, 3, 7, bytes.Length])
                Should.NotThrow(() => MessageShape.Check(Pieces(bytes, size)));
        }
    }

    private static bool Passes(byte[] body)
    {
        try
        {
            MessageShape.Check(Pieces(body, 4096));
            return true;
        }
        catch (MessageRefusedException)
        {
            return false;
        }
    }

    private static byte[] VarNumber(int number) => [(byte)(number << 2 | 2), (byte)(number >> 6)];

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        var first = new Piece(bytes.AsMemory(0, Math.Min(size, bytes.Length)), null);
        var last = first;
        for (var at = size; at < bytes.Length; at += size)
            last = new Piece(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
