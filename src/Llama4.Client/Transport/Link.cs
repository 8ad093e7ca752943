using System.Net.Sockets;

namespace Llama4.Client.Transport;

/// <summary>One TCP connection after its handshake. <paramref name="stream"/> is the socket itself or TLS over it, and closes it.</summary>
internal sealed class Link(Socket socket, Stream stream, Greeting greeting) : IDisposable
{
    public Socket Socket { get; } = socket;

    public Stream Stream { get; } = stream;

    public Greeting Greeting { get; } = greeting;

    /// <summary>Ends both directions at once: what waits for the other side fails now.</summary>
    public void Shut()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The other end has reset it, or it is closed: there is nothing left to shut.
        }
    }

    public void Dispose()
    {
        Shut();
        Stream.Dispose();
        Socket.Dispose();
    }
}

/// <summary>A handshake that did not come off, with the reason in one line.</summary>
internal sealed class LinkRefusedException(string message, Exception? inner = null) : Exception(message, inner);
