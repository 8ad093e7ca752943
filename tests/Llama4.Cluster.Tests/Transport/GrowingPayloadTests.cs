using Llama4.Client.Transport;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Transport;

/// <summary>They count what the whole process holds.</summary>
[Collection(nameof(ManyHosts))]
public sealed class GrowingPayloadTests
{
    [Fact]
    public void Memory_OfAPayloadThatIsOnlyAnnounced_FollowsWhatHasCome()
    {
        var before = PooledPayload.Outstanding;
        using (var payload = new GrowingPayload(Rows.PayloadBytesMax, proven: 0))
        {
            payload.Capacity.ShouldBe(GrowingPayload.FirstBytes);
            for (var received = 0; received < 9 << 20;)
            {
                var rest = payload.Rest();
                payload.Capacity.ShouldBeLessThanOrEqualTo(Math.Max(GrowingPayload.FirstBytes, 2 * received));
                var bytes = Math.Min(rest.Length, 300_000);
                payload.Add(bytes);
                received += bytes;
            }
            PooledPayload.Outstanding.ShouldBe(before + 1);
        }
        PooledPayload.Outstanding.ShouldBe(before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(GrowingPayload.FirstBytes - 1)]
    [InlineData(GrowingPayload.FirstBytes)]
    [InlineData(GrowingPayload.FirstBytes + 1)]
    [InlineData(5_242_880)]
    [InlineData(Rows.PayloadBytesMax)]
    public void Payload_OfAnyLength_HasTheBytesThatCame(int length)
    {
        var before = PooledPayload.Outstanding;
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var growing = new GrowingPayload(length, proven: 0);
        for (var received = 0; received < length;)
        {
            var rest = growing.Rest();
            rest.Length.ShouldBeGreaterThan(0);
            var next = bytes.AsMemory(received, Math.Min(Math.Min(rest.Length, 777_777), length - received));
            next.CopyTo(rest);
            growing.Add(next.Length);
            received += next.Length;
        }

        using (var whole = growing.Take())
        {
            whole.Span.SequenceEqual(bytes).ShouldBeTrue();
            growing.Dispose(); // it is the taker's now
        }
        PooledPayload.Outstanding.ShouldBe(before);
    }

    [Fact]
    public void Payload_AsLongAsOneThatCameBefore_TakesItsBufferAtOnce()
    {
        using var payload = new GrowingPayload(5_000_000, proven: 5_000_000);
        payload.Capacity.ShouldBe(5_000_000);
    }

    [Fact]
    public void Take_BeforeItIsWhole_IsRefused()
    {
        using var payload = new GrowingPayload(10, proven: 0);
        payload.Add(9);
        Should.Throw<InvalidOperationException>(payload.Take).Message.ShouldContain("9 of 10 bytes");
    }
}
