using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama4.Gateway.Console;

/// <summary>
/// Answers with the console's files. Browsers ask again each time and are told 304: a page and scripts of two releases never mix.
/// </summary>
internal static class ConsolePage
{
    // All that the page needs comes from here; a picture that was dropped on it is a data: URI. Text of a model can become no markup:
    // the browser refuses innerHTML and its kind.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Whether who asks would rather have HTML than JSON: a browser does, curl does not.</summary>
    public static bool IsPreferred(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted))
        {
            return false;
        }

        var html = Quality("text", "html");
        return html > 0 && accepted.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase))
            && html >= Quality("application", "json");

        // The most exact range that covers a type decides (RFC 9110, 12.5.1).
        double Quality(string type, string subtype) => accepted
            .Where(range => range.MatchesAllTypes || (range.Type.Equals(type, StringComparison.OrdinalIgnoreCase)
                && (range.MatchesAllSubTypes || range.SubType.Equals(subtype, StringComparison.OrdinalIgnoreCase))))
            .OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0)
            .Select(range => range.Quality ?? 1)
            .FirstOrDefault();
    }

    /// <summary>The page to a browser, <paramref name="others"/> to everyone else.</summary>
    public static RequestDelegate ToBrowsers(RequestDelegate others) => http =>
    {
        http.Response.Headers.Vary = "Accept";
        return IsPreferred(http.Request) ? ServeAsync(http, ConsoleFiles.Page) : others(http);
    };

    public static Task ServeFile(HttpContext http) => ServeAsync(http, http.Request.RouteValues["file"] as string ?? "");

    private static async Task ServeAsync(HttpContext http, string name)
    {
        var isHead = HttpMethods.IsHead(http.Request.Method);
        if (ConsoleFiles.Find(name) is not { } file)
        {
            await ErrorBody.SendAsync(http.Response, Endpoints.Nothing(http), http.RequestAborted);
            return;
        }

        if (!isHead && !HttpMethods.IsGet(http.Request.Method))
        {
            await ErrorBody.SendAsync(http.Response, Endpoints.WrongMethod(http, "GET"), http.RequestAborted);
            return;
        }

        var headers = http.Response.Headers;
        headers.ETag = file.Tag;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == file.Tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = file.ContentType;
        http.Response.ContentLength = file.Bytes.Length;
        if (!isHead)
        {
            await http.Response.Body.WriteAsync(file.Bytes, http.RequestAborted);
        }
    }
}
