using System.Text.Json;
using Llama4.Model;

namespace Llama4.Server.Inspect;

/// <summary><c>inspect --json</c>: the whole table and every sum.</summary>
internal static class ReportJson
{
    /// <summary>The kinds of parameters and their names in the output, largest first in a typical model.</summary>
    public static IReadOnlyList<(ParameterKind Kind, string Name)> Kinds { get; } =
    [
        (ParameterKind.Experts, "experts"),
        (ParameterKind.SharedExperts, "shared"),
        (ParameterKind.DenseFeedForward, "dense"),
        (ParameterKind.Attention, "attention"),
        (ParameterKind.Embeddings, "embeddings"),
        (ParameterKind.Routers, "routers"),
        (ParameterKind.Norms, "norms"),
        (ParameterKind.Vision, "vision"),
    ];

    public static void Write(ModelReport report, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("source", report.Source);
        json.WriteNumber("total_parameters", report.Total);
        json.WriteNumber("text_parameters", report.Total - report.Vision);
        json.WriteNumber("vision_parameters", report.Vision);
        json.WriteNumber("active_parameters_per_token", report.ActivePerToken);
        json.WriteNumber("active_parameters_per_token_with_embedding", report.ActivePerTokenWithEmbedding);
        json.WriteStartObject("bytes");
        json.WriteNumber("total", report.Bytes);
        foreach (var (kind, name) in Kinds)
        {
            json.WriteNumber(name, report.BytesOf(kind));
        }

        json.WriteEndObject();
        WriteKv(report, json);
        WriteLayers(report, json);
        WriteParameters(report, json);
        json.WriteStartArray("warnings");
        foreach (var warning in report.Config.Warnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteKv(ModelReport report, Utf8JsonWriter json)
    {
        json.WriteStartObject("kv_bytes_per_token");
        json.WriteNumber("layer", report.KvBytesPerTokenAndLayer);
        json.WriteNumber("chunked_layers", report.ChunkedLayers * report.KvBytesPerTokenAndLayer);
        json.WriteNumber("full_layers", report.FullLayers * report.KvBytesPerTokenAndLayer);
        json.WriteEndObject();
    }

    private static void WriteLayers(ModelReport report, Utf8JsonWriter json)
    {
        json.WriteStartArray("layers");
        foreach (var layer in report.Config.Layers)
        {
            json.WriteStartObject();
            json.WriteNumber("index", layer.Index);
            json.WriteBoolean("rope", layer.UsesRope);
            json.WriteBoolean("qk_norm", layer.UsesQkNorm);
            json.WriteBoolean("temperature", layer.UsesTemperature);
            json.WriteString("attention", layer.Mask == AttentionMask.Chunked ? "chunked" : "full");
            json.WriteString("feed_forward", layer.IsMoe ? "moe" : "dense");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(ModelReport report, Utf8JsonWriter json)
    {
        json.WriteStartArray("parameters");
        foreach (var parameter in report.Parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Parameter.ReleasedName);
            json.WriteStartArray("shape");
            foreach (var size in parameter.Parameter.Shape)
            {
                json.WriteNumberValue(size);
            }

            json.WriteEndArray();
            json.WriteString("dtype", parameter.Type);
            json.WriteNumber("count", parameter.Parameter.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
