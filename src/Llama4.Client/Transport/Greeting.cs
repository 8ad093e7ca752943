using System.Buffers.Binary;
using System.Net;

namespace Llama4.Client.Transport;

/// <summary>
/// The first bytes of a link, from the one who connects: <c>LLAMA4</c>, version, a zero, connection id [16], its host's address [16, IPv4 as mapped] and port [2], and six
/// zeros. One byte answers (<see cref="Welcome"/>). So a port scanner, an Orleans of someone else or an older version is told from a host at once.
/// </summary>
/// <param name="Connection">Drawn by the one who connects.</param>
/// <param name="Host">Where other silos reach the one who connects; null for a client.</param>
internal readonly record struct Greeting(Guid Connection, IPEndPoint? Host)
{
    public const int Bytes = 48;
    public const byte Welcome = (byte)'w';

    /// <summary>2: after the welcome come parts (<see cref="StreamParts"/>), with payloads beside their messages.</summary>
    private const byte Version = 2;

    private static ReadOnlySpan<byte> Magic => "LLAMA4"u8;

    public void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        Magic.CopyTo(bytes);
        bytes[6] = Version;
        Connection.TryWriteBytes(bytes[8..]);
        if (Host is null)
            return;
        Host.Address.MapToIPv6().TryWriteBytes(bytes[24..], out _);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[40..], (ushort)Host.Port);
    }

    /// <exception cref="LinkRefusedException">It is not a greeting, or one of another version.</exception>
    public static Greeting Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic) || bytes[7] != 0 || bytes[42..Bytes].ContainsAnyExcept((byte)0))
            throw new LinkRefusedException($"expected the greeting of a llama4 host, found {Convert.ToHexString(bytes[..8])}…");
        if (bytes[6] != Version)
            throw new LinkRefusedException($"expected version {Version} of the greeting, found {bytes[6]}");
        var address = new IPAddress(bytes[24..40]);
        var port = BinaryPrimitives.ReadUInt16LittleEndian(bytes[40..]);
        return new Greeting(
            new Guid(bytes[8..24]), port == 0 ? null : new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port));
    }
}
