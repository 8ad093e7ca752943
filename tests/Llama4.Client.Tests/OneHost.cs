using System.Net;
using Llama4.Cluster;
using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Gateway.Doors;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Tests;

/// <summary>The bundled model in one process, with both doors: HTTP, and that of the client.</summary>
public sealed class OneHost : IAsyncLifetime
{
    private readonly ChatDoor _door = new();
    private EmbeddedCluster? _cluster;
    private WebApplication? _http;

    public static string Directory { get; } = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");

    /// <summary>What a gateway knows of the bundled model.</summary>
    public static GatewayOptions Gateway { get; } = ScoutNano.Options with { Tiles = TileSettingsFile.Read(Directory) };

    /// <summary>Far beyond what any answer takes, so that a hang fails and noise does not.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Debug or Release, as these tests were built.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public Uri Address { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public Llama4ChatClient Client { get; private set; } = null!;

    internal ChatDoor Door => _door;

    /// <summary>Sequences that the cluster computes or keeps waiting.</summary>
    public async Task<int> SequencesAsync()
    {
        var status = await _cluster!.Client.StatusAsync(CancellationToken.None);
        return status.Running + status.Waiting;
    }

    public async ValueTask InitializeAsync()
    {
        var port = Machine.FreePort();
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            ModelDirectory = Directory,
            Threads = 1,
            ClientPort = port,
            Services = services => services.AddSingleton(_door),
        });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, Gateway.Limits);
        builder.Services.AddSingleton(_cluster.Client).AddLlama4Gateway(Gateway with { ContextTokensMax = _cluster.TokensMax });
        _http = builder.Build();
        _http.MapLlama4Gateway();
        Http = new HttpClient { BaseAddress = await _http.StartLlama4Async(IPAddress.Loopback, 0) };
        _door.Open(_http.Services);
        Address = new Uri($"tcp://127.0.0.1:{port}");
        Client = new Llama4ChatClient(new Llama4ClientOptions { Cluster = Address, ConnectLimit = Limit });
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Http.Dispose();
        await _http!.StopAsync();
        await _door.DisposeAsync();
        await _http.DisposeAsync();
        await _cluster!.DisposeAsync();
    }
}

[CollectionDefinition(nameof(OneHost))]
public class OneHostCollection : ICollectionFixture<OneHost>;
