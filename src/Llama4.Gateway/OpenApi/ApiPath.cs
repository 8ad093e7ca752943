using Llama4.Gateway.Requests.Fields;

namespace Llama4.Gateway.OpenApi;

/// <summary>A path as the OpenAPI document shows it.</summary>
/// <param name="Path">As it is mapped; a parameter in braces.</param>
/// <param name="Method">get or post.</param>
/// <param name="Tag">The group it stands in.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Answer">An answer, as JSON; null for what is no JSON.</param>
internal sealed record ApiPath(string Path, string Method, string Tag, string Summary, string? Answer)
{
    /// <summary>Where its request's fields are in the table; null where it has none.</summary>
    public FieldPlaces? Fields { get; init; }

    /// <summary>A request, as JSON.</summary>
    public string? Request { get; init; }

    /// <summary>Whether the answer may come as server-sent events.</summary>
    public bool Streams { get; init; }
}
