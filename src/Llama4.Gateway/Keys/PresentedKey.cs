using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Keys;

/// <summary>The key in a request: <c>Authorization: Bearer KEY</c>, or else <c>x-api-key: KEY</c>. Never in the address, which proxies write down.</summary>
internal static class PresentedKey
{
    private const string Scheme = "Bearer ";

    /// <summary>Null where there is none.</summary>
    public static string? In(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim()
        : request.Headers["x-api-key"] is [{ Length: > 0 } key] ? key.Trim()
        : null;
}
