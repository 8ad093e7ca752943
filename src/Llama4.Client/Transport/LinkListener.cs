using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Transport;

/// <summary>
/// Lets links in. Handshakes run beside each other and beside the accepting, so that one who says nothing keeps nobody waiting; of more than
/// <see cref="PendingMax"/> that have not come to an end the oldest is cut, since an honest one takes milliseconds.
/// </summary>
internal sealed partial class LinkListener : IDisposable
{
    /// <summary>128 hosts that restart together, with two links each; and some 20 MB of TLS buffers at most.</summary>
    public const int PendingMax = 256;

    private static readonly TimeSpan OutOfFilesPause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly Handshake _handshake;
    private readonly ILogger _logger;
    private readonly Channel<Link> _admitted = Channel.CreateUnbounded<Link>();
    private readonly CancellationTokenSource _closed = new();
    private readonly LinkedList<Socket> _pending = [];

    public LinkListener(EndPoint endpoint, Handshake handshake, ILogger logger)
    {
        (_handshake, _logger) = (handshake, logger);
        _socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(endpoint);
            _socket.Listen();
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        EndPoint = _socket.LocalEndPoint!;
        _ = AcceptAsync();
    }

    public EndPoint EndPoint { get; }

    /// <summary>The next link that was let in; null when the listener is closed.</summary>
    public async ValueTask<Link?> NextAsync(CancellationToken cancellation) =>
        await _admitted.Reader.WaitToReadAsync(cancellation) && _admitted.Reader.TryRead(out var link) ? link : null;

    public void Dispose()
    {
        _closed.Cancel();
        _socket.Dispose();
        _admitted.Writer.TryComplete();
        while (_admitted.Reader.TryRead(out var link))
            link.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                _ = AdmitAsync(await _socket.AcceptAsync(_closed.Token));
            }
            catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException error)
            {
                // The one who connected was gone before it was accepted: the next one is not to blame. Or there are no more files to be had: that lasts.
                if (error.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                    await Task.Delay(OutOfFilesPause, CancellationToken.None);
            }
        }
        _admitted.Writer.TryComplete();
    }

    private async Task AdmitAsync(Socket socket)
    {
        await Task.Yield();
        var place = Enter(socket);
        var remote = default(EndPoint);
        try
        {
            remote = socket.RemoteEndPoint;
            var link = await _handshake.AcceptAsync(socket, _closed.Token);
            if (!_admitted.Writer.TryWrite(link))
                link.Dispose();
        }
        catch (LinkRefusedException refused)
        {
            Refused(_logger, remote, refused.Message);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Left(_logger, remote, gone.Message);
        }
        finally
        {
            Leave(place);
        }
    }

    private LinkedListNode<Socket> Enter(Socket socket)
    {
        lock (_pending)
        {
            if (_pending.Count >= PendingMax)
            {
                _pending.First!.Value.Dispose();
                _pending.RemoveFirst();
            }
            return _pending.AddLast(socket);
        }
    }

    private void Leave(LinkedListNode<Socket> place)
    {
        lock (_pending)
        {
            if (place.List is not null)
                _pending.Remove(place);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connection from {Remote} refused: {Reason}")]
    private static partial void Refused(ILogger logger, EndPoint? remote, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Connection from {Remote} ended before it began: {Reason}")]
    private static partial void Left(ILogger logger, EndPoint? remote, string reason);
}
