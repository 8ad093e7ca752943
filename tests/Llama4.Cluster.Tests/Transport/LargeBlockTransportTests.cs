using System.Buffers;
using System.Net;
using Llama4.Client.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Transport;

public class LargeBlockTransportTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(1)]
    [InlineData(LargeBlockPool.BlockBytes)]
    [InlineData(LargeBlockPool.BlockBytes + 1)]
    [InlineData(20_000_000)]
    public async Task Bytes_OfAnyNumber_ArriveInOrder(int count)
    {
        await using var pair = await Pair.ConnectAsync();
        var sent = new byte[count];
        new Random(count).NextBytes(sent);

        // More than both pipes hold: sending goes on only while the other end reads.
        var sending = pair.Client.Transport.Output.WriteAsync(sent).AsTask();
        var received = await ReadAsync(pair.Server, count);
        await sending.WaitAsync(Limit);

        received.AsSpan().SequenceEqual(sent).ShouldBeTrue();
    }

    [Fact]
    public async Task End_OfOneSide_IsTheEndOfTheOthersInput()
    {
        await using var pair = await Pair.ConnectAsync();
        await pair.Client.Transport.Output.WriteAsync(new byte[] { 1, 2, 3 });

        await pair.Client.Transport.Output.CompleteAsync();

        (await ReadAsync(pair.Server, 3)).ShouldBe([1, 2, 3]);
        (await pair.Server.Transport.Input.ReadAsync().AsTask().WaitAsync(Limit)).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Abort_EndsBothSidesAndTellsWhoListens()
    {
        await using var pair = await Pair.ConnectAsync();
        var closed = new TaskCompletionSource();
        pair.Server.ConnectionClosed.Register(closed.SetResult);

        pair.Client.Abort(new ConnectionAbortedException("a test ends it"));

        await closed.Task.WaitAsync(Limit);
        (await pair.Client.Transport.Input.ReadAsync().AsTask().WaitAsync(Limit)).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Blocks_AfterAllIsClosed_AreBackInThePool()
    {
        var pool = new LargeBlockPool();
        await using (var pair = await Pair.ConnectAsync(pool))
        {
            await pair.Client.Transport.Output.WriteAsync(new byte[1_000_000]);
            await ReadAsync(pair.Server, 1_000_000);
            await pair.Client.Transport.Output.WriteAsync(new byte[1_000_000]); // and some that nobody reads
        }

        pool.Rented.ShouldBe(0);
    }

    [Fact]
    public async Task Accept_WhenUnbound_EndsWithNull()
    {
        var listener = await NewTransport(new LargeBlockPool()).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = listener.AcceptAsync().AsTask();

        await listener.UnbindAsync();

        (await accepting.WaitAsync(Limit)).ShouldBeNull();
    }

    private static LargeBlockTransport NewTransport(LargeBlockPool pool) =>
        new(pool, new Handshake(null, Limit), new Shunned(), () => null, new LinkBytes(), NullLogger.Instance);

    private static async Task<byte[]> ReadAsync(ConnectionContext connection, int count)
    {
        using var limit = new CancellationTokenSource(Limit);
        var read = await connection.Transport.Input.ReadAtLeastAsync(count > 4_000_000 ? 1 : count, limit.Token);
        var bytes = new byte[count];
        var done = 0;
        while (true)
        {
            read.Buffer.CopyTo(bytes.AsSpan(done));
            done += (int)read.Buffer.Length;
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (done == count)
                return bytes;
            read.IsCompleted.ShouldBeFalse($"{done} of {count} bytes");
            read = await connection.Transport.Input.ReadAsync(limit.Token);
        }
    }

    private sealed class Pair(IConnectionListener listener, ConnectionContext client, ConnectionContext server) : IAsyncDisposable
    {
        public ConnectionContext Client { get; } = client;

        public ConnectionContext Server { get; } = server;

        public static async Task<Pair> ConnectAsync(LargeBlockPool? pool = null)
        {
            var transport = NewTransport(pool ?? new LargeBlockPool());
            var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
            var accepting = listener.AcceptAsync();
            var client = await transport.ConnectAsync(listener.EndPoint);
            return new Pair(listener, client, (await accepting)!);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
            await listener.DisposeAsync();
        }
    }
}
