using System.Net;
using System.Net.Sockets;
using Llama4.Images;

namespace Llama4.Gateway.Pictures;

/// <summary>
/// From a host's name to a connection: the name is resolved once, and what is connected to is an address that was checked, so that no second answer of
/// a name server can lead elsewhere.
/// </summary>
/// <param name="Resolve">A name, or an address as text, to addresses.</param>
/// <param name="MayConnect">Whether an address may be connected to.</param>
internal sealed record PictureRoute(Func<string, CancellationToken, Task<IPAddress[]>> Resolve, Func<IPAddress, bool> MayConnect)
{
    /// <summary>By the system's resolver, to addresses of the Internet only.</summary>
    public static PictureRoute Public { get; } = new(Dns.GetHostAddressesAsync, PublicAddress.Is);

    /// <summary>A <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="SocketException">The name has no address, or none that answers.</exception>
    /// <exception cref="IOException">None that may be connected to.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var all = await Resolve(context.DnsEndPoint.Host, cancellation);
        var addresses = Array.FindAll(all, address => MayConnect(address));
        if (addresses.Length == 0)
        {
            throw new IOException($"no address of it may be connected to: {string.Join(", ", all.AsEnumerable())}");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
