using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Admin;
using Llama4.Server.Verbs;

namespace Llama4.Server.Operators;

/// <summary>The operators' interface of some host, over HTTP.</summary>
internal sealed class AdminClient : IDisposable
{
    /// <summary>A drain waits for others to load what the host owns.</summary>
    private static readonly TimeSpan MoveLimit = TimeSpan.FromMinutes(10);

    private readonly HttpClient _http;
    private readonly Uri _url;

    public AdminClient(Uri url, string? key)
    {
        _url = url;
        _http = new HttpClient { BaseAddress = new Uri(url.ToString().TrimEnd('/') + "/"), Timeout = MoveLimit };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>The cluster itself gives up finding a leader after ten seconds.</summary>
    public TimeSpan StatusLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The status as it came, and read.</summary>
    /// <exception cref="IOException">Nobody answers there, or somebody else.</exception>
    /// <exception cref="ClusterRequestException">The cluster refuses.</exception>
    public async Task<(string Json, ClusterStatus Status)> StatusAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StatusLimit);
        var json = await AskAsync(() => _http.GetAsync("admin/status", limit.Token), cancellation);
        return (json, Read(json, ClusterStatusJson.Read));
    }

    public Task DrainAsync(string host, CancellationToken cancellation) =>
        AskAsync(() => _http.PostAsJsonAsync("admin/drain", new Dictionary<string, string> { ["host"] = host }, cancellation), cancellation);

    /// <returns>The epoch of the new plan.</returns>
    public async Task<long> RebalanceAsync(CancellationToken cancellation)
    {
        var json = await AskAsync(() => _http.PostAsJsonAsync("admin/rebalance", new Dictionary<string, string>(), cancellation), cancellation);
        return Read(json, text =>
        {
            using var answer = JsonDocument.Parse(text);
            return answer.RootElement.GetProperty("epoch").GetInt64();
        });
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
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"the operators' interface at {_url} took the request and does not answer", error);
        }

        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            return response.IsSuccessStatusCode ? body
                : response.StatusCode == HttpStatusCode.Unauthorized ? throw new ClusterRequestException($"{_url} wants another key: give --key KEY, or set {ClusterOptions.AdminKeyVariable}")
                : throw new ClusterRequestException(Message(body) ?? $"{_url} answered {(int)response.StatusCode}");
        }
    }

    private T Read<T>(string json, Func<string, T> read)
    {
        try
        {
            return read(json);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IOException($"{_url} answers, but not as the operators' interface of a host: {other.Message.ReplaceLineEndings(" ")}", other);
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
