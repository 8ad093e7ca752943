using System.Globalization;
using System.Text.Json;
using Llama4.Gateway.Answers;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Requests;

/// <summary>The one place that writes OpenAI's error body: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal static class ErrorBody
{
    public static byte[] Bytes(ApiError error)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, JsonAnswer.Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", error.Message);
            json.WriteString("type", error.Type);
            json.WriteString("param", error.Param);
            json.WriteString("code", error.Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static async Task SendAsync(HttpResponse response, ApiError error, CancellationToken cancellation)
    {
        var bytes = Bytes(error);
        response.Clear();
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = bytes.Length;
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = Math.Max(1, seconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Allow is { } allow)
        {
            response.Headers.Allow = allow;
        }

        if (error.Authenticate is { } scheme)
        {
            response.Headers.WWWAuthenticate = scheme;
        }

        await response.Body.WriteAsync(bytes, cancellation);
    }
}
