using Llama4.Cluster;
using Llama4.Cluster.Tests;
using Llama4.Cluster.Tests.Transport;
using Llama4.Contracts;
using Llama4.Gateway.Doors;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Tests;

/// <summary>A cluster that is found in its membership store, with TLS between all.</summary>
[Collection(nameof(OneHost))]
public class StoreTests
{
    [Fact]
    public async Task Client_WithACertificateOfTheCluster_FindsItsHosts()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority();
        await using var redis = await RedisServer.StartAsync();
        await using var door = new ChatDoor();
        var tls = authority.Sign("host");
        await using var host = await ClusterHost.StartAsync(new ClusterHostOptions
        {
            Redis = redis.Address,
            ModelDirectory = OneHost.Directory,
            Threads = 1,
            KvBytes = 32 << 20,
            MemoryBytes = 1 << 30,
            TlsCertificate = tls.Certificate,
            TlsAuthority = tls.Authority,
            Services = services => services.AddSingleton(door),
        });
        // Before there is a plan: a request that comes then waits a moment.
        door.Open(OneHost.Gateway with { ContextTokensMax = host.TokensMax }, host.Client, logging => logging.ClearProviders());

        var own = authority.Sign("client");
        await using var services = new ServiceCollection()
            .AddLlama4Client(redis.Address.ToString(), options => options with { TlsCertificate = own.Certificate, TlsAuthority = own.Authority, ConnectLimit = OneHost.Limit })
            .BuildServiceProvider();
        var answer = await AnsweredAsync(services.GetRequiredService<IChatClient>());
        answer.Text.ShouldContain("Paris");

        var other = stranger.Sign("client");
        var options = new Llama4ClientOptions { Cluster = redis.Address, ConnectLimit = TimeSpan.FromSeconds(3) };
        await RefusedAsync(options);
        await RefusedAsync(options with { TlsCertificate = other.Certificate, TlsAuthority = other.Authority });
    }

    /// <summary>Until there is a plan, requests are told to come again.</summary>
    private static async Task<ChatResponse> AnsweredAsync(IChatClient client)
    {
        using var limit = new CancellationTokenSource(OneHost.Limit);
        while (true)
        {
            try
            {
                return await client.GetResponseAsync("What is the capital of France?", new ChatOptions { Temperature = 0 }, limit.Token);
            }
            catch (Llama4Exception error) when (error.Status == 503)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private static async Task RefusedAsync(Llama4ClientOptions options)
    {
        await using var client = new Llama4ChatClient(options);
        (await Should.ThrowAsync<Llama4Exception>(() => client.GetResponseAsync("Hello."))).Status.ShouldBe(503);
    }
}
