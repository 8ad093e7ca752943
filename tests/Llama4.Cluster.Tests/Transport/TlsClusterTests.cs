using System.Net;
using Llama4.Cluster.Hop;
using Llama4.Cluster.Hosting;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests.Transport;

public sealed class TlsClusterTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Silos_OfOneAuthority_CallEachOther()
    {
        await using var first = await HopHost.StartAsync("first", null, _authority.Sign("first"), CancellationToken.None);
        await using var second = await HopHost.StartAsync("second", first.Endpoint, _authority.Sign("second"), CancellationToken.None);
        var target = await first.TargetAsync("second", CancellationToken.None);

        await target.PingAsync();
        await target.EchoAsync(500, 5120);
    }

    [Fact]
    public async Task Silo_WithoutTls_IsRefusedByTheCluster()
    {
        var lines = new LogLines(typeof(LargeBlockTransport).FullName!);
        var own = Machine.FreeEndpoint();
        using var first = SiloSetup.Build(
            new HostId("first"), own, clientPort: 0, SiloSetup.Development(own), _authority.Sign("first"), logging => logging.AddProvider(lines), more: null);
        await first.StartAsync();
        using var stop = new CancellationTokenSource();

        var joining = HopHost.StartAsync("second", own, null, stop.Token);

        (await lines.NextAsync()).ShouldContain("it speaks without TLS");
        await stop.CancelAsync();
        await Should.ThrowAsync<Exception>(joining.WaitAsync(Limit));
        await first.StopAsync();
    }

    [Fact]
    public async Task Client_WithACertificate_CallsASilo()
    {
        await using var silo = await SiloWithDoor.StartAsync(_authority.Sign("only"));
        using var client = NewClient(silo.Clients, _authority.Sign("client"), new LogLines(""));
        await client.StartAsync();

        await new HopTarget(client.Services.GetRequiredService<IGrainFactory>().GetGrain<IHopGrain>("only")).EchoAsync(3, 5120);

        await client.StopAsync();
    }

    [Fact]
    public async Task Client_WithoutACertificate_IsRefused()
    {
        var lines = new LogLines(typeof(LargeBlockTransport).FullName!);
        await using var silo = await SiloWithDoor.StartAsync(_authority.Sign("only"));
        using var client = NewClient(silo.Clients, null, lines);
        using var stop = new CancellationTokenSource();

        var starting = client.StartAsync(stop.Token);

        (await lines.NextAsync()).ShouldContain("does its cluster ask for TLS?");
        await stop.CancelAsync();
        await Should.ThrowAsync<Exception>(starting.WaitAsync(Limit));
    }

    private static IHost NewClient(IPEndPoint gateway, ClusterTls? tls, LogLines lines)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(lines);
        builder.Services.AddHostLocal();
        builder.UseOrleansClient(client => client
            .UseStaticClustering(gateway)
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("llama4", "llama4"))
            .UseLargeBlocks(tls));
        return builder.Build();
    }

    private sealed class SiloWithDoor(IHost silo, IPEndPoint clients) : IAsyncDisposable
    {
        public IPEndPoint Clients => clients;

        public static async Task<SiloWithDoor> StartAsync(ClusterTls tls)
        {
            var (own, clients) = (Machine.FreeEndpoint(), Machine.FreeEndpoint());
            var silo = SiloSetup.Build(
                new HostId("only"), own, clients.Port, SiloSetup.Development(own), tls, logging: null, more: null);
            await silo.StartAsync();
            return new SiloWithDoor(silo, clients);
        }

        public async ValueTask DisposeAsync()
        {
            await silo.StopAsync();
            silo.Dispose();
        }
    }
}
