using Llama4.Gateway.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Hosting;

/// <summary>Which pages may ask from a browser: none unless they are named. Keys go in a header, so cookies are never allowed.</summary>
internal static class CorsSetup
{
    private static readonly TimeSpan PreflightHolds = TimeSpan.FromMinutes(10);

    public static IServiceCollection AddLlama4Cors(this IServiceCollection services, IReadOnlyList<string> origins) => origins.Count == 0
        ? services
        : services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. origins])
            .WithMethods("GET", "POST")
            .AllowAnyHeader()
            .WithExposedHeaders([.. RateLimitHeaders.All, "Retry-After"])
            .SetPreflightMaxAge(PreflightHolds)));

    public static void UseLlama4Cors(this WebApplication app)
    {
        if (app.Services.GetRequiredService<GatewayOptions>().CorsOrigins.Count > 0)
        {
            app.UseCors();
        }
    }
}
