using Llama4.Client.Connection;
using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Hop;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Tests.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Serialization;

namespace Llama4.Cluster.Tests.Fuzz;

/// <summary>A host with both of its ports open, another host and a client that go on using it, and what such a host and such a client say at first.</summary>
public sealed class AttackedHost : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly IPEndPoint _own = Machine.FreeEndpoint(), _door = Machine.FreeEndpoint();
    private IHost _host = null!;
    private HopHost _second = null!;
    private IHost _client = null!;
    private HopTarget _fromSecond = null!;

    /// <summary>What the host reads messages with.</summary>
    internal Serializer Serializer => _host.Services.GetRequiredService<Serializer>();

    internal RecordedDialog HostsDialog { get; private set; } = null!;

    internal RecordedDialog ClientsDialog { get; private set; } = null!;

    internal IPEndPoint Port(bool clients) => clients ? _door : _own;

    internal RecordedDialog Dialog(bool clients) => clients ? ClientsDialog : HostsDialog;

    public async ValueTask InitializeAsync()
    {
        _host = SiloSetup.Build(new HostId("attacked"), _own, _door.Port, SiloSetup.Development(_own), tls: null, logging: null, more: null);
        await _host.StartAsync();
        _second = await HopHost.StartAsync("second", _own, tls: null, CancellationToken.None);
        _fromSecond = await _second.TargetAsync("attacked", CancellationToken.None);
        _client = NewClient(_door);
        await _client.StartAsync();
        HostsDialog = await RecordAsync(messages: true, (ears, stop) => HopHost.StartAsync("third", ears, tls: null, stop));
        ClientsDialog = await RecordAsync(messages: false, async (ears, stop) =>
        {
            using var client = NewClient(ears);
            await client.StartAsync(stop);
        });
    }

    /// <summary>Real requests by both ports, there and back.</summary>
    internal async Task ServesAsync()
    {
        await _fromSecond.EchoAsync(3, 5120).AsTask().WaitAsync(Limit);
        await new HopTarget(_client.Services.GetRequiredService<IGrainFactory>().GetGrain<IHopGrain>("attacked")).EchoAsync(3, 5120).AsTask().WaitAsync(Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync();
        _client.Dispose();
        await _second.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }

    private static IHost NewClient(IPEndPoint door) => ClientSetup.Build(
        client => client.UseStaticClustering(door).Configure<Orleans.Configuration.ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("llama4", "llama4")), tls: null, logging: null);

    /// <summary>What <paramref name="start"/> says to one who only listens; it never comes to be.</summary>
    private static async Task<RecordedDialog> RecordAsync(bool messages, Func<IPEndPoint, CancellationToken, Task> start)
    {
        using var ears = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ears.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ears.Listen();
        using var stop = new CancellationTokenSource();
        var starting = start((IPEndPoint)ears.LocalEndPoint!, stop.Token);
        var dialog = await RecordedDialog.RecordAsync(ears, messages, CancellationToken.None).WaitAsync(Limit);
        await stop.CancelAsync();
        await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return dialog;
    }
}
