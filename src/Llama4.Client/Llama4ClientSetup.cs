using Llama4.Client.Connection;
using Llama4.Contracts;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Client;

/// <summary>Puts the client into a program's services.</summary>
public static class Llama4ClientSetup
{
    /// <summary>Registers an <see cref="IChatClient"/>, which is a <see cref="Llama4ChatClient"/>. It connects at its first request.</summary>
    /// <param name="cluster">See <see cref="Llama4ClientOptions.Cluster"/>.</param>
    /// <param name="change">Other settings than the defaults.</param>
    /// <exception cref="ClusterRequestException">The address is none.</exception>
    public static IServiceCollection AddLlama4Client(
        this IServiceCollection services, string cluster, Func<Llama4ClientOptions, Llama4ClientOptions>? change = null)
    {
        var address = Uri.TryCreate(cluster, UriKind.Absolute, out var uri) ? uri : throw new ClusterRequestException($"expected {ClusterAddress.Forms}, found '{cluster}'");
        var options = new Llama4ClientOptions { Cluster = address };
        return services.AddLlama4Client(change?.Invoke(options) ?? options);
    }

    /// <inheritdoc cref="AddLlama4Client(IServiceCollection, string, Func{Llama4ClientOptions, Llama4ClientOptions}?)"/>
    public static IServiceCollection AddLlama4Client(this IServiceCollection services, Llama4ClientOptions options)
    {
        ClusterAddress.Check(options);
        return services
            .AddSingleton(_ => new Llama4ChatClient(options))
            .AddSingleton<IChatClient>(provider => provider.GetRequiredService<Llama4ChatClient>());
    }
}
