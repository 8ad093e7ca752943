using System.Net;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.AspNetCore.Builder;

namespace Llama4.Gateway.Tests;

public class KestrelSetupTests
{
    [Fact]
    public async Task Start_WhenThePortIsInUse_SaysSoInOneLine()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var port = gateway.Http.BaseAddress!.Port;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, port, new GatewayLimits());
        await using var second = builder.Build();

        var error = await Should.ThrowAsync<ListenException>(() => second.StartLlama4Async(IPAddress.Loopback, port));

        error.Message.ShouldBe($"Port {port} of 127.0.0.1 is in use by another program; choose another port, or port 0 for a free one.");
    }

    [Fact]
    public async Task Start_WhenTheAddressIsNotThisMachines_SaysSoInOneLine()
    {
        var elsewhere = IPAddress.Parse("192.0.2.1"); // TEST-NET-1, nobody's (RFC 5737)
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseLlama4Kestrel(elsewhere, 0, new GatewayLimits());
        await using var app = builder.Build();

        var error = await Should.ThrowAsync<ListenException>(() => app.StartLlama4Async(elsewhere, 0));

        error.Message.ShouldStartWith("Cannot listen at 192.0.2.1:0: ");
        error.Message.ShouldNotContain("\n");
    }
}
