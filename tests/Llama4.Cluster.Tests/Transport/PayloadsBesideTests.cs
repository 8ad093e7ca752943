using System.IO.Pipelines;
using System.Net;
using Llama4.Cluster.Hop;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Transport;

/// <summary>Payloads past the pipes: none is lost, kept, or given to another message. They count what the whole process holds.</summary>
[Collection(nameof(ManyHosts))]
public sealed class PayloadsBesideTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Payload_OfAFinishedMessage_IsThereWhenTheMessageIs()
    {
        await using var pair = await Pair.ConnectAsync();
        var tickets = new List<PayloadTicket>();
        foreach (var bytes in (int[])[1, 5_000, 70_000, 5_000_000])
            tickets.Add(pair.Send(Filled(bytes), "message"));

        await pair.ReceiveAsync(4 * "message".Length);

        foreach (var (ticket, bytes) in tickets.Zip((int[])[1, 5_000, 70_000, 5_000_000]))
        {
            using var payload = PayloadArrivals.Claim(ticket).ShouldNotBeNull();
            payload.Span.Length.ShouldBe(bytes);
            payload.Span.ContainsAnyExcept((byte)bytes).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Payload_OfAMessageThatWasGivenUp_IsLetGoAndItsNumberIsTheNextOnes()
    {
        var before = PooledPayload.Held;
        await using var pair = await Pair.ConnectAsync();
        var lost = Filled(9_000);
        pair.Client.Transport.Output.GetSpan();
        PayloadSender.Current!.Attach(lost); // and no message follows
        lost.Dispose();

        var ticket = pair.Send(Filled(5_000), "message");
        await pair.ReceiveAsync("message".Length);

        using var payload = PayloadArrivals.Claim(ticket).ShouldNotBeNull();
        payload.Span.Length.ShouldBe(5_000);
        await pair.DisposeAsync();
        PooledPayload.Held.ShouldBe(before);
    }

    [Fact]
    public async Task Payloads_ThatNobodyClaims_GoWithTheConnection()
    {
        var (before, held) = (PooledPayload.Outstanding, PooledPayload.Held);
        var pair = await Pair.ConnectAsync();
        var ticket = pair.Send(Filled(5_000_000), "message");
        await pair.ReceiveAsync("message".Length);

        await pair.DisposeAsync();

        PayloadArrivals.Claim(ticket).ShouldBeNull();
        (PooledPayload.Outstanding, PooledPayload.Held).ShouldBe((before, held));
    }

    [Fact]
    public async Task Payloads_StillToBeSentWhenItCloses_AreLetGo()
    {
        var (before, held) = (PooledPayload.Outstanding, PooledPayload.Held);
        var pair = await Pair.ConnectAsync();
        for (var i = 0; i < 8; i++)
            pair.Send(Filled(5_000_000), "message"); // more than may wait to be claimed

        pair.Client.Abort(new ConnectionAbortedException("a test ends it"));
        pair.Send(Filled(5_000), "after its end");
        await pair.DisposeAsync();

        (PooledPayload.Outstanding, PooledPayload.Held).ShouldBe((before, held));
    }

    [Fact]
    public async Task Payloads_PastTheirBound_WaitForClaims()
    {
        using var arrivals = PayloadArrivals.TryOpen(Guid.NewGuid()).ShouldNotBeNull();
        arrivals.Add(Filled(100));
        await Should.ThrowAsync<TimeoutException>(arrivals.RoomAsync(99, TimeSpan.FromMilliseconds(1), CancellationToken.None).AsTask());
        await arrivals.RoomAsync(100, Limit, CancellationToken.None).AsTask().WaitAsync(Limit);
    }

    [Fact]
    public void Claim_OfALaterPayload_LetsTheEarlierOnesGo()
    {
        var before = PooledPayload.Outstanding;
        var lane = Guid.NewGuid();
        using var arrivals = PayloadArrivals.TryOpen(lane).ShouldNotBeNull();
        PayloadArrivals.TryOpen(lane).ShouldBeNull();
        foreach (var bytes in (int[])[10, 20, 30])
            arrivals.Add(Filled(bytes));

        using (var second = PayloadArrivals.Claim(new PayloadTicket(lane, 1)).ShouldNotBeNull())
            second.Span.Length.ShouldBe(20);

        PooledPayload.Outstanding.ShouldBe(before + 1);
        PayloadArrivals.Claim(new PayloadTicket(lane, 0)).ShouldBeNull();
        PayloadArrivals.Claim(new PayloadTicket(lane, 1)).ShouldBeNull();
        PayloadArrivals.Claim(new PayloadTicket(lane, 99)).ShouldBeNull();
        PooledPayload.Outstanding.ShouldBe(before);
    }

    /// <summary>That Orleans' messages are recognized and nothing tensor-sized goes through its pipes: with another Orleans this is what breaks.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_BetweenHosts_GoBesideTheirMessages(bool secure)
    {
        using var authority = new TestAuthority();
        await using var first = await HopHost.StartAsync("first", null, secure ? authority.Sign("first") : null, CancellationToken.None);
        await using var second = await HopHost.StartAsync("second", first.Endpoint, secure ? authority.Sign("second") : null, CancellationToken.None);
        var target = await first.TargetAsync("second", CancellationToken.None);
        await target.EchoAsync(500, 5120);
        var (before, attached) = (PooledPayload.Outstanding, OutgoingPayloads.Finished);

        await Task.WhenAll(Enumerable.Range(1, 64).Select(rows => target.EchoAsync(rows, 5120).AsTask())).WaitAsync(Limit);

        (OutgoingPayloads.Finished - attached).ShouldBe(2 * 64);
        PooledPayload.Outstanding.ShouldBe(before);
    }

    private static PooledPayload Filled(int bytes)
    {
        var payload = PooledPayload.Rent(bytes);
        payload.Span.Fill((byte)bytes);
        return payload;
    }

    private sealed class Pair(IConnectionListener listener, ConnectionContext client, ConnectionContext server) : IAsyncDisposable
    {
        public ConnectionContext Client { get; } = client;

        public static async Task<Pair> ConnectAsync()
        {
            var transport = new LargeBlockTransport(new LargeBlockPool(), new Handshake(null, Limit), new Shunned(), () => null, new LinkBytes(), NullLogger.Instance);
            var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
            var accepting = listener.AcceptAsync();
            var client = await transport.ConnectAsync(listener.EndPoint);
            return new Pair(listener, client, (await accepting)!);
        }

        /// <summary>As Orleans and the codec do it; the owner is done with the payload before it is sent.</summary>
        public PayloadTicket Send(PooledPayload payload, string message)
        {
            var output = Client.Transport.Output;
            var memory = output.GetSpan(message.Length);
            var ticket = PayloadSender.Current!.Attach(payload);
            payload.Dispose();
            System.Text.Encoding.ASCII.GetBytes(message, memory);
            output.Advance(message.Length);
            output.FlushAsync().IsCompleted.ShouldBeTrue(); // little is ever in the pipe itself
            return ticket;
        }

        public async Task ReceiveAsync(int bytes)
        {
            var read = await server.Transport.Input.ReadAtLeastAsync(bytes).AsTask().WaitAsync(Limit);
            read.Buffer.Length.ShouldBe(bytes);
            server.Transport.Input.AdvanceTo(read.Buffer.End);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await server.DisposeAsync();
            await listener.DisposeAsync();
        }
    }
}
