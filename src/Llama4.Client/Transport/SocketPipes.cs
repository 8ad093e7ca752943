using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Llama4.Client.Transport;

/// <summary>
/// One connection between silos: a link, and a pipe each way of large blocks for the messages, past which payloads go (<see cref="PartSender"/>). What is
/// received waits in the pipe up to <see cref="PauseBytes"/>, then the sender is slowed by TCP itself; the same holds for what is to be sent.
/// </summary>
internal sealed class SocketPipes : ConnectionContext, IConnectionLifetimeFeature
{
    /// <summary>Two messages of a prefill chunk (512 rows of 5,120 bf16 values = 5.2 MB): one is read while the next arrives.</summary>
    private const int PauseBytes = 12 << 20;

    /// <summary>What is received before a part's kind is known: a message with 10 KB of rows at once, and little to copy of a greater payload.</summary>
    private const int HeadRoomBytes = 16 * 1024;

    private readonly Link _link;
    private readonly IMemoryOwner<byte> _block;
    private readonly PartSender _sender;
    private readonly PartReceiver _receiver;
    private readonly IDuplexPipe _application;
    private readonly CancellationTokenSource _closed = new();
    private readonly FeatureCollection _features = new();
    private Task _loops = Task.CompletedTask;
    private int _shut;

    /// <param name="count">Of the host at the other end.</param>
    public SocketPipes(Link link, LargeBlockPool pool, ByteCount count)
    {
        _link = link;
        LocalEndPoint = link.Socket.LocalEndPoint;
        RemoteEndPoint = link.Socket.RemoteEndPoint;
        ConnectionId = Guid.NewGuid().ToString("N");
        ConnectionClosed = _closed.Token;
        var options = new PipeOptions(
            pool, PipeScheduler.Inline, PipeScheduler.Inline, // each hop to another thread costs a wake-up
            pauseWriterThreshold: PauseBytes, resumeWriterThreshold: PauseBytes / 2,
            minimumSegmentSize: LargeBlockPool.BlockBytes, useSynchronizationContext: false);
        var (received, sent) = (new Pipe(options), new Pipe(options));
        var payloads = new OutgoingPayloads();
        _block = pool.Rent();
        _sender = new PartSender(link, payloads, count);
        _receiver = new PartReceiver(link.Stream, _block.Memory[..HeadRoomBytes], received.Writer, count);
        Transport = new Duplex(received.Reader, new MessageWriter(sent.Writer, payloads));
        _application = new Duplex(sent.Reader, received.Writer);
        _features.Set<IConnectionLifetimeFeature>(this);
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Starts to send and receive.</summary>
    public void Start() => _loops = Task.WhenAll(ReceiveAsync(_application.Output), SendAsync(_application.Input));

    public override void Abort(ConnectionAbortedException abortReason) => Shut();

    public override async ValueTask DisposeAsync()
    {
        await Transport.Output.CompleteAsync();
        await Transport.Input.CompleteAsync();
        Shut();
        await _loops;
        _receiver.Dispose();
        _block.Dispose();
        _link.Dispose();
        _closed.Dispose();
    }

    private async Task ReceiveAsync(PipeWriter received)
    {
        Exception? error = null;
        try
        {
            await _receiver.RunAsync(_closed.Token);
        }
        catch (MessageRefusedException refused)
        {
            error = refused;
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or OperationCanceledException or TimeoutException)
        {
            // The other end is gone, or this one was shut: the reader is told.
            error = Volatile.Read(ref _shut) == 1 ? null : new ConnectionResetException(broken.Message, broken);
        }
        await received.CompleteAsync(error);
        Shut();
    }

    private async Task SendAsync(PipeReader toSend)
    {
        Exception? error = null;
        try
        {
            await _sender.RunAsync(toSend);
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException)
        {
            // As above: one that was shut here is at its end, and that is no error to tell the writer.
            error = Volatile.Read(ref _shut) == 1 ? null : broken;
        }
        await toSend.CompleteAsync(error);
        Shut();
    }

    /// <summary>Ends both directions once; the loops see it and end.</summary>
    private void Shut()
    {
        if (Interlocked.Exchange(ref _shut, 1) == 1)
            return;
        _link.Shut();
        _application.Input.CancelPendingRead();
        _closed.Cancel();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
