using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Llama4.Client.Transport;
using Orleans.Serialization;

namespace Llama4.Cluster.Tests.Fuzz;

/// <summary>
/// The port for hosts and the port for clients, without TLS, so that whoever reaches them gets as far as he can: the connection is closed, memory
/// stays bounded, and the host goes on serving.
/// </summary>
[Collection(nameof(ManyHosts))]
public sealed class HostilePortTests(AttackedHost host) : IClassFixture<AttackedHost>
{
    private const int Seed = 20261128;
    private const long AllocatedMax = 64 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>A tag that opens an object in a field that nobody knows.</summary>
    private const byte Open = 0x26;

    private const byte Close = 0xE0;

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var clients in (bool[])[false, true])
                foreach (var name in (string[])
                [
                    "noise", "http", "wrong-version", "preamble-of-2-gb", "preamble-of-less-than-nothing",
                    "preamble-is-noise", "header-of-2-gb", "body-of-2-gb", "lengths-below-zero", "body-past-the-limit", "part-of-nothing", "payload-of-2-gb",
                ])
                    cases.Add(name, clients);
            foreach (var name in (string[])["nested-body", "name-of-4-kb"])
                cases.Add(name, false);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Connection_WhenItsBytesAreHostile_IsClosedAndTheHostServes(string name, bool clients)
    {
        // Of the whole process, which has other things to do on a slow machine: the bytes cost the least that is found.
        var allocated = long.MaxValue;
        for (var tries = 0; tries < 3 && allocated >= AllocatedMax; tries++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await ClosedAsync(clients, Bytes(name, host.Dialog(clients)));
            allocated = Math.Min(allocated, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        allocated.ShouldBeLessThan(AllocatedMax);
        await host.ServesAsync();
    }

    /// <summary>Orleans goes on with the next message; a header short enough to be nested without harm.</summary>
    [Theory]
    [InlineData("message-is-noise", false)]
    [InlineData("message-is-noise", true)]
    [InlineData("nested-header", false)]
    public async Task Message_WhenItsHeaderIsHostile_IsDroppedAndTheHostServes(string name, bool clients)
    {
        await SentAsync(clients, Bytes(name, host.Dialog(clients)));

        await host.ServesAsync();
    }

    /// <summary>In the host's own settings, which know more types than the contracts' alone.</summary>
    [Theory]
    [InlineData("System.IO.FileInfo")]
    [InlineData("System.Diagnostics.Process,System.Diagnostics.Process")]
    [InlineData("System.Collections.Generic.List`1[[System.IO.FileInfo]]")]
    [InlineData("Llama4.Cluster.Hosting.ModelHost,Llama4.Cluster")]
    public void Message_WhenItNamesAnUnknownType_IsRefused(string name)
    {
        byte[] message = [0x30, 1, 0, 0, 0, 0, .. VarNumber(name.Length), .. Encoding.UTF8.GetBytes(name), Close];

        var refusal = Should.Throw<Exception>(() => host.Serializer.Deserialize<object>(message));

        (refusal is TypeLoadException or InvalidOperationException or CodecNotFoundException).ShouldBeTrue(refusal.ToString());
    }

    [Fact]
    public async Task Connections_OnWhichNothingGoesOn_AreClosed()
    {
        await Task.WhenAll(
            from clients in (bool[])[false, true]
            from name in (string[])["silent", "half-a-greeting", "greeted-and-silent", "half-a-preamble-and-silent"]
            select ClosedAsync(clients, Bytes(name, host.Dialog(clients))));

        await host.ServesAsync();
    }

    /// <summary>What a host really says, damaged: whatever comes of it, the host serves.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Host_WhenManyDialogsAreDamaged_Serves(bool clients)
    {
        var dialog = host.Dialog(clients);
        foreach (var bytes in HostileBytes.Of(dialog.Begun(dialog.Preamble, RecordedDialog.Part(host.HostsDialog.Messages)), Seed, 200))
            await SentAsync(clients, bytes);
        foreach (var preamble in HostileBytes.Of(dialog.Preamble, Seed, 200).Where(bytes => bytes.Length > 0))
            await SentAsync(clients, dialog.Begun(preamble));
        foreach (var message in HostileBytes.Of(host.HostsDialog.Messages, Seed, 200).Where(bytes => bytes.Length > 0))
            await SentAsync(clients, dialog.Begun(dialog.Preamble, RecordedDialog.Part(message)));

        await host.ServesAsync();
    }

    private static byte[] Bytes(string name, RecordedDialog dialog) => name switch
    {
        "noise" => Noise(65536),
        "http" => Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: llama4\r\n" + new string('a', 100) + "\r\n\r\n"),
        "half-a-greeting" => dialog.Greeting[..20],
        "wrong-version" => [.. dialog.Greeting[..6], 99, .. dialog.Greeting[7..]],
        "silent" => [],
        "greeted-and-silent" => dialog.Greeting,
        "half-a-preamble-and-silent" => dialog.Begun(dialog.Preamble[..(dialog.Preamble.Length / 2)]),
        "preamble-of-2-gb" => dialog.Begun([.. Number(int.MaxValue), .. Noise(4096)]),
        "preamble-of-less-than-nothing" => dialog.Begun([.. Number(-1), .. Noise(4096)]),
        "preamble-is-noise" => dialog.Begun([.. Number(200), .. Noise(200)]),
        "message-is-noise" => Begun(dialog, RecordedDialog.Frame(Noise(200), Noise(2000))),
        "header-of-2-gb" => Begun(dialog, [.. Number(int.MaxValue), .. Number(0), .. Noise(100_000)]),
        "body-of-2-gb" => Begun(dialog, [.. Number(100), .. Number(int.MaxValue), .. Noise(100_000)]),
        "lengths-below-zero" => Begun(dialog, [.. Number(-8), .. Number(-8), .. Noise(1000)]),
        "body-past-the-limit" => Begun(dialog, [.. Number(100), .. Number(80 << 20), .. Noise(100_000)]),
        "part-of-nothing" => dialog.Begun(dialog.Preamble, Number(0)),
        "payload-of-2-gb" => dialog.Begun(dialog.Preamble, Number(-1), Noise(100_000)),
        "nested-body" => Begun(dialog, RecordedDialog.Frame(dialog.First.Header, [.. TypeOf(dialog.First.Body), .. Enumerable.Repeat(Open, 1_000_000)])),
        "nested-header" => Begun(dialog, RecordedDialog.Frame(WithContext(dialog, 7000), dialog.First.Body)),
        "name-of-4-kb" => Begun(dialog, RecordedDialog.Frame(dialog.First.Header, [0x30, 1, 0, 0, 0, 0, .. VarNumber(4096), .. Enumerable.Repeat((byte)'[', 4096)])),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such case"),
    };

    private static byte[] Begun(RecordedDialog dialog, byte[] messages) => dialog.Begun(dialog.Preamble, RecordedDialog.Part(messages));

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(Seed).NextBytes(noise);
        return noise;
    }

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    /// <summary>In Orleans' variable form, in two bytes.</summary>
    private static byte[] VarNumber(int number) => [(byte)(number << 2 | 2), (byte)(number >> 6)];

    /// <summary>A body's first tag with the type that it names: version [1], hash [4], length [1], name.</summary>
    private static byte[] TypeOf(byte[] body)
    {
        (body[0] & 0x18).ShouldBe(0x10);
        (body[6] & 1).ShouldBe(1);
        return body[..(7 + (body[6] >> 1))];
    }

    /// <summary>A header with one value for the request's context, nested so deep.</summary>
    private static byte[] WithContext(RecordedDialog dialog, int depth)
    {
        const byte HasContext = 1 << 4;
        var header = dialog.First.Header;
        return [(byte)(header[0] | HasContext), .. header[1..], 1 << 1 | 1, 2 << 1 | 1, (byte)'a', .. TypeOf(dialog.First.Body), .. Enumerable.Repeat(Open, depth)];
    }

    /// <summary>Sends, and waits until the other side has closed the connection.</summary>
    private async Task ClosedAsync(bool clients, byte[] bytes)
    {
        using var socket = await ConnectAsync(clients);
        var answer = new byte[4096];
        try
        {
            await socket.SendAsync(bytes);
            while (await socket.ReceiveAsync(answer).WaitAsync(Limit) > 0)
            {
            }
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // Closed before it had read all.
        }
    }

    private async Task SentAsync(bool clients, byte[] bytes)
    {
        using var socket = await ConnectAsync(clients);
        try
        {
            await socket.SendAsync(bytes);
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(new byte[4096]).WaitAsync(Limit) > 0)
            {
            }
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // Closed before it had read all.
        }
    }

    private async Task<Socket> ConnectAsync(bool clients)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Port(clients));
        return socket;
    }
}
