using System.Text.Encodings.Web;
using System.Text.Json;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Answers;

/// <summary>Sends a body of JSON.</summary>
internal static class JsonAnswer
{
    /// <summary>People read answers in a terminal: what a page of HTML would want escaped is written as it is.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task SendAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, Options))
        {
            write(json);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    /// <summary>The same to GET and HEAD; any other method is told so.</summary>
    public static Task TellAsync(HttpContext http, Action<Utf8JsonWriter> write) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            ? SendAsync(http, write)
            : ErrorBody.SendAsync(http.Response, Endpoints.WrongMethod(http, "GET"), http.RequestAborted);
}
