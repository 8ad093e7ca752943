using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Keys;

/// <summary>Puts the keys into a gateway.</summary>
internal static class KeysSetup
{
    public static IServiceCollection AddLlama4Keys(this IServiceCollection services) => services
        .AddSingleton<KeyRing>()
        .AddSingleton<KeyDoor>()
        .AddHostedService<KeyFileWatch>();

    /// <summary>From here on requests have a key, where they must. After CORS: a preflight has none.</summary>
    public static void UseLlama4Keys(this WebApplication app)
    {
        var door = app.Services.GetRequiredService<KeyDoor>();
        app.Use((http, next) => door.PassAsync(http, next));
    }
}
