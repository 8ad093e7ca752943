using System.Text.Json;

namespace Llama4.LoadTest.Client;

/// <summary>Where a server's endpoints are, and what it serves.</summary>
internal static class ServerUrl
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <param name="server">With or without <c>/v1</c> at its end.</param>
    public static Uri Of(Uri server, string path)
    {
        var stem = server.AbsoluteUri.TrimEnd('/');
        return new Uri($"{stem}{(stem.EndsWith("/v1", StringComparison.Ordinal) ? "" : "/v1")}/{path}");
    }

    /// <param name="option">For the error.</param>
    public static Uri Parse(string text, string option = "--url") =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new LoadTestException($"{option}: expected http://HOST:PORT or https://HOST, found '{text}'");

    /// <summary>The first model of <c>/v1/models</c>.</summary>
    /// <exception cref="LoadTestException">The server does not say.</exception>
    public static async Task<string> FirstModelAsync(Uri server, string? key, CancellationToken over)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(server, "models"));
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        try
        {
            using var response = await http.SendAsync(request, over);
            response.EnsureSuccessStatusCode();
            using var models = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(over));
            return models.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or TaskCanceledException && !over.IsCancellationRequested)
        {
            throw new LoadTestException($"{request.RequestUri}: expected a list of models (or give --model), found: {error.Message}");
        }
    }
}
