using System.Net;
using Llama4.Client.Connection;
using Llama4.Client.Transport;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Llama4.Cluster.Hop;

/// <summary>A silo without a model: one end of a measured hop.</summary>
public sealed class HopHost : IAsyncDisposable
{
    /// <summary>How long the other end may take to join.</summary>
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(30);

    private readonly IHost _silo;

    private HopHost(IHost silo, IPEndPoint endpoint) => (_silo, Endpoint) = (silo, endpoint);

    /// <summary>Where the other silo reaches this one.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Starts a silo of this name; the first keeps the membership, others join at its endpoint.</summary>
    /// <param name="tls">Null for bare TCP.</param>
    public static async Task<HopHost> StartAsync(string name, IPEndPoint? primary, ClusterTls? tls, CancellationToken cancellation)
    {
        var (silo, own) = await FreePorts.StartAsync(
            own => SiloSetup.Build(new HostId(name), own, clientPort: 0, SiloSetup.Development(primary ?? own), tls, logging: null, more: null), cancellation);
        return new HopHost(silo, own);
    }

    /// <summary>The echo on another host, once it has joined.</summary>
    /// <exception cref="TimeoutException">It has not joined within 30 s.</exception>
    public async Task<HopTarget> TargetAsync(string name, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(JoinLimit);
        try
        {
            var membership = _silo.Services.GetRequiredService<IClusterMembershipService>();
            if (!Has(membership.CurrentSnapshot, name))
            {
                await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(limit.Token))
                {
                    if (Has(snapshot, name))
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"host {name} has not joined within {JoinLimit.TotalSeconds} s");
        }
        return new HopTarget(_silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IHopGrain>(name));
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.StopAsync();
        _silo.Dispose();
    }

    private static bool Has(ClusterMembershipSnapshot snapshot, string name) =>
        snapshot.Members.Values.Any(member => member.Name == name && member.Status == SiloStatus.Active);
}

/// <summary>The far end of a hop.</summary>
public sealed class HopTarget
{
    private readonly IHopGrain _grain;

    internal HopTarget(IHopGrain grain) => _grain = grain;

    /// <summary>Sends rows of raw bytes and takes the same back.</summary>
    /// <param name="rows">Rows of <paramref name="width"/> bf16 values.</param>
    public async ValueTask EchoAsync(int rows, int width)
    {
        using var question = new Rows(RowsType.BF16, rows, width, default, default, PooledPayload.Rent(checked(rows * width * Rows.ElementBytes(RowsType.BF16))));
        using var answer = await _grain.EchoAsync(question);
        if (answer.PayloadBytes != question.PayloadBytes)
            throw new RowsFormatException($"echo: expected {question.PayloadBytes} bytes back, found {answer.PayloadBytes}");
    }

    /// <summary>Sixteen bytes there and back.</summary>
    public async ValueTask PingAsync()
    {
        var number = Guid.NewGuid();
        if (await _grain.PingAsync(number) != number)
            throw new InvalidOperationException("ping: another number came back");
    }
}
