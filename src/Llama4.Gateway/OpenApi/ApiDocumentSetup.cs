using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Llama4.Gateway.OpenApi;

/// <summary>Serves the OpenAPI document at /openapi/v1.json, and a page to read and try it at /scalar that asks nothing of any other server.</summary>
internal static class ApiDocumentSetup
{
    // The page's script is served from here. Whatever a later version of it would fetch from elsewhere, a browser is told not to.
    private const string OwnOriginOnly =
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'";

    public static IServiceCollection AddApiDocument(this IServiceCollection services, string model) => services.AddOpenApi(openApi =>
        openApi.AddDocumentTransformer((document, context, _) =>
        {
            var mapped = context.ApplicationServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
            var written = OpenApiDocument.Parse(ApiDocument.Write(model, mapped.Select(Path).ToHashSet()).ToJsonString(), "json").Document
                ?? throw new InvalidOperationException("the OpenAPI document could not be read");
            document.Info = written.Info;
            document.Paths = written.Paths;
            document.Components = written.Components;
            document.Security = written.Security;
            return Task.CompletedTask;
        }));

    /// <summary>A mapped path as the document has it: from the root, a parameter by its name alone.</summary>
    public static string Path(RouteEndpoint endpoint) =>
        "/" + (endpoint.RoutePattern.RawText ?? "").TrimStart('/').Replace("{**", "{", StringComparison.Ordinal);

    // Open where there are keys, too: a browser sends none, and what the server can do is no secret.
    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi().AllowAnonymous();
        routes.MapScalarApiReference("/scalar", page => page
            .WithTitle("Llama4Cluster")
            .WithOpenApiRoutePattern("/openapi/v1.json")
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideClientButton()
            .HideDeveloperTools()).AllowAnonymous().Add(endpoint =>
        {
            var serve = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http =>
            {
                http.Response.Headers.ContentSecurityPolicy = OwnOriginOnly;
                return serve(http);
            };
        });
    }
}
