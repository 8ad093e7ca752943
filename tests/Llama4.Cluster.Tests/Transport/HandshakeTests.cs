using System.Net;
using System.Net.Sockets;
using Llama4.Client.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Transport;

public sealed class HandshakeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new();

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Link_WhenBothSidesAgree_CarriesBytesAndTheGreeting(bool secure)
    {
        using var door = new Door(secure ? _authority.Sign("a") : null);
        var greeting = new Greeting(Guid.NewGuid(), new IPEndPoint(IPAddress.Parse("10.1.2.3"), 4567));

        using var near = await NewHandshake(secure ? _authority.Sign("b") : null).ConnectAsync(door.EndPoint, greeting, CancellationToken.None);
        using var far = (await door.NextAsync()).ShouldNotBeNull();
        await near.Stream.WriteAsync(new byte[] { 1, 2, 3 });
        var received = new byte[3];
        await far.Stream.ReadExactlyAsync(received);

        far.Greeting.ShouldBe(greeting);
        received.ShouldBe([1, 2, 3]);
        (far.Stream is System.Net.Security.SslStream).ShouldBe(secure);
    }

    [Fact]
    public async Task Host_WithoutTls_IsRefusedByOneWithIt()
    {
        using var door = new Door(_authority.Sign());
        (await RefusalAsync(door, null)).ShouldContain("does its cluster ask for TLS?");
        (await door.LineAsync()).ShouldContain("it speaks without TLS, which this cluster asks for");
    }

    [Fact]
    public async Task Host_WithTls_IsRefusedByOneWithout()
    {
        using var door = new Door(null);
        (await RefusalAsync(door, _authority.Sign())).ShouldNotBeEmpty();
        (await door.LineAsync()).ShouldContain("it speaks TLS, which this host was started without");
    }

    [Fact]
    public async Task Host_OfAnotherAuthority_IsRefused()
    {
        using var door = new Door(_authority.Sign());
        (await RefusalAsync(door, _other.Sign())).ShouldContain("TLS");
        (await door.LineAsync()).ShouldContain("refused");
    }

    /// <summary>It believes the one that it connects to, and is not believed.</summary>
    [Fact]
    public async Task Host_WhoseCertificateIsOfAnotherAuthority_IsRefusedByTheAcceptingSide()
    {
        using var door = new Door(_authority.Sign());
        var both = _other.File("both.pem");
        File.WriteAllText(both, File.ReadAllText(_other.AuthorityFile) + "\n" + File.ReadAllText(_authority.AuthorityFile));
        (await RefusalAsync(door, _other.Sign() with { Authority = both })).ShouldNotBeEmpty();
        (await door.LineAsync()).ShouldContain("TLS: The remote certificate was rejected");
    }

    [Fact]
    public async Task Host_WhenTheOtherIsSilent_GivesUp()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var connecting = new Handshake(null, Short).ConnectAsync(silent.LocalEndPoint!, default, CancellationToken.None);
        (await Should.ThrowAsync<LinkRefusedException>(connecting.WaitAsync(Limit))).Message.ShouldContain("no handshake within");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listener_WhenOneIsSilent_LetsOthersInAndThenCutsIt(bool secure)
    {
        var tls = secure ? _authority.Sign() : null;
        using var door = new Door(tls, TimeSpan.FromSeconds(5));
        using var silent = new TcpClient();
        await silent.ConnectAsync((IPEndPoint)door.EndPoint);

        using var near = await NewHandshake(tls).ConnectAsync(door.EndPoint, default, CancellationToken.None);
        using var far = (await door.NextAsync()).ShouldNotBeNull();

        (await silent.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit)).ShouldBe(0);
        (await door.LineAsync()).ShouldContain("no handshake within 5 s");
    }

    [Fact]
    public async Task Listener_WhenManyAreSilent_CutsTheOldest()
    {
        using var door = new Door(null);
        var silent = new List<TcpClient>();
        for (var i = 0; i <= LinkListener.PendingMax; i++)
        {
            silent.Add(new TcpClient());
            await silent[i].ConnectAsync((IPEndPoint)door.EndPoint);
        }

        await Should.NotThrowAsync(EndAsync(silent[0]));

        using var near = await NewHandshake(null).ConnectAsync(door.EndPoint, default, CancellationToken.None);
        foreach (var one in silent)
            one.Dispose();

        static async Task EndAsync(TcpClient client)
        {
            try
            {
                await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit);
            }
            catch (IOException)
            {
                // reset: cut as well
            }
        }
    }

    private static Handshake NewHandshake(ClusterTls? tls, TimeSpan? limit = null) =>
        new(tls is null ? null : new CurrentCertificate(tls, NullLogger.Instance), limit ?? Limit);

    private static async Task<string> RefusalAsync(Door door, ClusterTls? tls) =>
        (await Should.ThrowAsync<LinkRefusedException>(NewHandshake(tls).ConnectAsync(door.EndPoint, default, CancellationToken.None).WaitAsync(Limit))).Message;

    /// <summary>A listener, and what it logs.</summary>
    private sealed class Door : IDisposable
    {
        private readonly LogLines _lines = new("");
        private readonly LinkListener _listener;

        public Door(ClusterTls? tls, TimeSpan? limit = null) =>
            _listener = new LinkListener(new IPEndPoint(IPAddress.Loopback, 0), NewHandshake(tls, limit), _lines);

        public EndPoint EndPoint => _listener.EndPoint;

        public Task<Link?> NextAsync() => _listener.NextAsync(CancellationToken.None).AsTask().WaitAsync(Limit);

        public Task<string> LineAsync() => _lines.NextAsync();

        public void Dispose() => _listener.Dispose();
    }
}
