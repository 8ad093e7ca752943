using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Hosting;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

public class FreePortsTests
{
    [Fact]
    public async Task Silo_WhosePortIsTakenMeanwhile_StartsAtAnother()
    {
        using var other = Listening();
        var tried = new List<IPEndPoint>();

        var (silo, own) = await FreePorts.StartAsync(free =>
        {
            var at = tried.Count == 0 ? (IPEndPoint)other.LocalEndPoint! : free;
            tried.Add(at);
            return SiloSetup.Build(new HostId("only"), at, clientPort: 0, SiloSetup.Development(at), tls: null, logging: null, more: null);
        });

        tried.Count.ShouldBe(2);
        own.ShouldBe(tried[1]);
        await silo.StopAsync();
        silo.Dispose();
    }

    [Fact]
    public async Task Silo_ThatFindsEveryPortTaken_SaysSo()
    {
        using var other = Listening();
        var tries = 0;

        var error = await Should.ThrowAsync<Exception>(() => FreePorts.StartAsync(_ =>
        {
            tries++;
            var at = (IPEndPoint)other.LocalEndPoint!;
            return SiloSetup.Build(new HostId("only"), at, clientPort: 0, SiloSetup.Development(at), tls: null, logging: null, more: null);
        }));

        FreePorts.IsInUse(error).ShouldBeTrue(error.ToString());
        tries.ShouldBe(FreePorts.TriesMax);
    }

    private static Socket Listening()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }
}
