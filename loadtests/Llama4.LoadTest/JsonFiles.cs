using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama4.LoadTest;

/// <summary>How JSON looks in this program's files: snake_case, enums as names.</summary>
internal static class JsonFiles
{
    /// <summary>For what people write: an unknown key is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Make(JsonUnmappedMemberHandling.Disallow, indented: true);

    /// <summary>For one line each.</summary>
    public static JsonSerializerOptions Line { get; } = Make(JsonUnmappedMemberHandling.Skip, indented: false);

    private static JsonSerializerOptions Make(JsonUnmappedMemberHandling unknown, bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = unknown,
        AllowDuplicateProperties = false,
        AllowOutOfOrderMetadataProperties = true, // "kind" may stand anywhere
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = indented,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };
}
