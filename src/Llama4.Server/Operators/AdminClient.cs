using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Admin;

namespace Llama4.Server.Operators;

/// <summary>The operators' interface of some host, over HTTP.</summary>
internal sealed class AdminClient : IDisposable
{
    /// <summary>A drain waits for others to load what the host owns.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    private readonly HttpClient _http;
    private readonly Uri _url;

    public AdminClient(Uri url, string? key)
    {
        _url = url;
        _http = new HttpClient { BaseAddress = new Uri(url.ToString().TrimEnd('/') + "/"), Timeout = AnswerLimit };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>The status as it came, and read.</summary>
    public async Task<(string Json, ClusterStatus Status)> StatusAsync(CancellationToken cancellation)
    {
        var json = await AskAsync(() => _http.GetAsync("admin/status", cancellation), cancellation);
        return (json, ClusterStatusJson.Read(json));
    }

    public Task DrainAsync(string host, CancellationToken cancellation) =>
        AskAsync(() => _http.PostAsJsonAsync("admin/drain", new Dictionary<string, string> { ["host"] = host }, cancellation), cancellation);

    /// <returns>The epoch of the new plan.</returns>
    public async Task<long> RebalanceAsync(CancellationToken cancellation)
    {
        using var answer = JsonDocument.Parse(await AskAsync(() => _http.PostAsJsonAsync("admin/rebalance", new Dictionary<string, string>(), cancellation), cancellation));
        return answer.RootElement.GetProperty("epoch").GetInt64();
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> AskAsync(Func<Task<HttpResponseMessage>> ask, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await ask();
        }
        catch (HttpRequestException error)
        {
            throw new IOException($"no operators' interface answers at {_url}: {error.Message} (serve --cluster ... --admin-port N opens one)", error);
        }

        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            return response.IsSuccessStatusCode ? body : throw new ClusterRequestException(Message(body) ?? $"{_url} answered {(int)response.StatusCode}");
        }
    }

    private static string? Message(string body)
    {
        try
        {
            using var error = JsonDocument.Parse(body);
            return error.RootElement.GetProperty("error").GetProperty("message").GetString();
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // not ours: the status code says it
        }
    }
}
