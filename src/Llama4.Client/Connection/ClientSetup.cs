using Llama4.Client.Tokens;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Serialization;

namespace Llama4.Client.Connection;

/// <summary>An Orleans client as a gateway without a silo uses it.</summary>
internal static class ClientSetup
{
    /// <param name="start">What the client is started with: a start that is broken off by it is no failure, which the runtime's host would log it as.</param>
    public static IHost Build(Action<IClientBuilder> membership, ClusterTls? tls, Action<ILoggingBuilder>? logging, CancellationToken start = default)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.QuietOrleans();
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Warning && !start.IsCancellationRequested);
        logging?.Invoke(builder.Logging);
        builder.Services
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IHostLifetime, OwnersLifetime>()
            .AddSingleton<PlanWatch>()
            .AddHostedService(services => services.GetRequiredService<PlanWatch>())
            .AddHostLocal();
        builder.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Llama4"));
        builder.UseOrleansClient(client =>
        {
            membership(client);
            client.UseLargeBlocks(tls);
        });
        return builder.Build();
    }
}
