using Llama4.Gateway.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Admin;

/// <summary>
/// Puts the operators' interface into a host of its own, on a port of its own, that also registers an <see cref="Llama4.Contracts.IClusterAdmin"/>.
/// Every path of it wants the key.
/// </summary>
public static class AdminSetup
{
    /// <summary>Fewer characters could be tried out.</summary>
    public const int KeyCharsMin = 16;

    /// <param name="key">What callers must present as <c>Authorization: Bearer KEY</c>; at least <see cref="KeyCharsMin"/> characters.</param>
    public static IServiceCollection AddLlama4Admin(this IServiceCollection services, string key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, KeyCharsMin);
        return services
            .AddSingleton(new AdminKey(key))
            .AddSingleton(new GatewayLimits())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<AdminDoor>()
            .AddSingleton<AdminEndpoints>();
    }

    /// <summary>Maps /admin/status, /admin/drain and /admin/rebalance, and an answer for every other path.</summary>
    public static void MapLlama4Admin(this IEndpointRouteBuilder routes)
    {
        var door = routes.ServiceProvider.GetRequiredService<AdminDoor>();
        var endpoints = routes.ServiceProvider.GetRequiredService<AdminEndpoints>();
        routes.Map("/admin/status", door.Guard("GET", endpoints.StatusAsync));
        routes.Map("/admin/drain", door.Guard("POST", endpoints.DrainAsync));
        routes.Map("/admin/rebalance", door.Guard("POST", endpoints.RebalanceAsync));
        routes.MapFallback("{*path}", door.Guard(null, http => throw Endpoints.Nothing(http)));
    }
}
