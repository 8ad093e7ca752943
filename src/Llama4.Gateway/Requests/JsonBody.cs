using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>A request's JSON object, and its share of the bytes that all requests may hold, until it is disposed.</summary>
internal sealed class JsonBody(JsonDocument document, BodyBudget.Share? share) : IDisposable
{
    public JsonElement RootElement => document.RootElement;

    public void Dispose()
    {
        document.Dispose();
        share?.Dispose();
    }
}
