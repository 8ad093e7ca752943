using System.Net;
using Llama4.Cluster.Tests.Transport;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Hosts that find each other in Redis, and a gateway that is their client.</summary>
[Collection(nameof(ManyHosts))]
public class ClusterHostTests
{
    private static readonly int[] Prompt = [ScoutNano.Bos, 10, 20, 30];

    [Fact]
    public async Task Gateway_WithoutASilo_GetsTheSameTokensAsOneProcess()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        await using var redis = await RedisServer.StartAsync();
        await using var first = await ClusterHost.StartAsync(Options(redis, HostRoles.Any & ~HostRoles.Gateway));
        await using var second = await ClusterHost.StartAsync(Options(redis, HostRoles.Experts));
        await using var gateway = await ClusterHost.StartAsync(Options(redis, HostRoles.Gateway));
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        var request = Answers.Greedy(Prompt, 60);

        await gateway.Client.AskAsync(Answers.Greedy(Prompt, 1)); // until there is a plan it is told to come again
        var tokens = await gateway.Client.TokensAsync(request);

        tokens.ShouldBe(await one.Client.TokensAsync(request));
        gateway.Id.ShouldBeNull();
        gateway.TokensMax.ShouldBe(one.TokensMax);
    }

    [Fact]
    public async Task Store_WithPasswordAndTls_IsReachedByThoseWhoKnowBoth()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        using var authority = new TestAuthority();
        await using var redis = await RedisServer.StartSecuredAsync(authority.Sign("store", address: IPAddress.Loopback), "open sesame");
        var tls = authority.Sign("host");
        var options = Options(redis, HostRoles.Any & ~HostRoles.Gateway) with { TlsCertificate = tls.Certificate, TlsAuthority = tls.Authority };

        await using var host = await ClusterHost.StartAsync(options);
        await host.Client.AskAsync(Answers.Greedy(Prompt, 1));

        using var stranger = new TestAuthority();
        var wrongAuthority = options with { TlsAuthority = stranger.AuthorityFile };
        await Should.ThrowAsync<ClusterRequestException>(() => ClusterHost.StartAsync(wrongAuthority));
        var wrongPassword = options with { Redis = new Uri(redis.Address.AbsoluteUri.Replace("sesame", "barley", StringComparison.Ordinal)) };
        await Should.ThrowAsync<ClusterRequestException>(() => ClusterHost.StartAsync(wrongPassword));
    }

    /// <summary>A namespace that is deleted takes the store's pod along with the hosts'.</summary>
    [Fact]
    public async Task Host_WhoseStoreIsGone_EndsAllTheSame()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        ClusterHost host;
        await using (var redis = await RedisServer.StartAsync())
        {
            host = await ClusterHost.StartAsync(Options(redis, HostRoles.Any));
            await host.Client.AskAsync(Answers.Greedy(Prompt, 1));
        }

        await host.LeaveAsync(TimeSpan.FromHours(1), CancellationToken.None).WaitAsync(Answers.Limit);
        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)); // by itself the runtime tries for two
    }

    private static ClusterHostOptions Options(RedisServer redis, HostRoles roles) => new()
    {
        Redis = redis.Address,
        ModelDirectory = ScoutNano.Directory,
        Roles = roles,
        Threads = 1,
        KvBytes = 32 << 20,
        MemoryBytes = 1 << 30,
    };
}
