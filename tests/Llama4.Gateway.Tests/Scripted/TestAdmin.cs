using System.Net;
using System.Net.Http.Headers;
using Llama4.Contracts;
using Llama4.Gateway.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>The operators' interface on a real Kestrel at a free port, over a scripted cluster.</summary>
internal sealed class TestAdmin : IAsyncDisposable
{
    public const string Key = "a-key-of-some-length";

    private readonly WebApplication _app;

    private TestAdmin(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public Uri Address { get; }

    /// <summary>Sends the key.</summary>
    public HttpClient Http { get; }

    public static async Task<TestAdmin> StartAsync(IClusterAdmin cluster)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, new GatewayLimits());
        builder.Services.AddSingleton(cluster).AddLlama4Admin(Key);
        var app = builder.Build();
        app.MapLlama4Admin();
        return new TestAdmin(app, await app.StartLlama4Async(IPAddress.Loopback, 0));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
