using System.Text.Json;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Server.Plan;

/// <summary><c>plan --json</c>: every owner, byte and second.</summary>
internal static class PlanJson
{
    public static void Write(PlanReport report, Utf8JsonWriter json)
    {
        var request = report.Request;
        json.WriteStartObject();
        json.WriteString("model", report.Source);
        json.WriteString("dtype", Name(request.Shape.ExpertType));
        json.WriteNumber("context", request.Work.Context);
        json.WriteNumber("sequences", request.Work.Sequences);
        json.WriteNumber("replicas", request.Replicas);
        json.WriteNumber("standbys", request.Standbys);
        json.WriteNumber("weight_bytes", request.Shape.WeightBytes);
        json.WriteNumber("row_bytes", request.Shape.RowBytes);
        WriteHosts(report, json);
        WritePlan(report.Plan, json);
        WriteLinks(report.Prediction.Links, json);
        WriteSteps(report, json);
        json.WriteStartArray("advice");
        foreach (var sentence in report.Prediction.Advice)
        {
            json.WriteStringValue(sentence);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static string Name(ExpertWeights type) => type.ToString().ToLowerInvariant();

    /// <summary>In snake case, as keys are.</summary>
    public static string Name(StepResource resource) => JsonNamingPolicy.SnakeCaseLower.ConvertName(resource.ToString());

    private static void WriteHosts(PlanReport report, Utf8JsonWriter json)
    {
        var memory = report.Prediction.Memory.ToDictionary(host => host.Host);
        json.WriteStartArray("hosts");
        foreach (var host in report.Hosts)
        {
            var (capacity, held) = (host.Capacity, memory[host.Capacity.Host]);
            json.WriteStartObject();
            json.WriteString("name", capacity.Host.Name);
            json.WriteString("device", host.Device);
            json.WriteString("zone", capacity.Zone);
            json.WriteString("roles", capacity.Roles.ToString().ToLowerInvariant());
            json.WriteNumber("read_bytes_per_s", capacity.Speed.ReadBytesPerS);
            json.WriteNumber("bf16_flops_per_s", capacity.Speed.Bf16FlopsPerS);
            json.WriteNumber("fp8_flops_per_s", capacity.Speed.Fp8FlopsPerS);
            json.WriteNumber("link_bytes_per_s", capacity.Speed.LinkBytesPerS);
            json.WriteNumber("link_latency_s", capacity.Speed.LinkLatencyS);
            json.WriteStartObject("memory");
            json.WriteNumber("limit", held.Limit);
            json.WriteNumber("total", held.Total);
            json.WriteNumber("weights", held.Weights);
            json.WriteNumber("attention_weights", held.AttentionWeights);
            json.WriteNumber("expert_weights", held.ExpertWeights);
            json.WriteNumber("standby_weights", held.StandbyWeights);
            json.WriteNumber("vocabulary_weights", held.VocabularyWeights);
            json.WriteNumber("kv", held.Kv);
            json.WriteNumber("buffers", held.Buffers);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePlan(PlacementPlan plan, Utf8JsonWriter json)
    {
        json.WriteStartObject("plan");
        json.WriteNumber("epoch", plan.Epoch);
        json.WriteStartArray("replicas");
        foreach (var replica in plan.Replicas)
        {
            json.WriteStartObject();
            json.WriteNumber("replica", replica.Replica);
            json.WriteString("engine", replica.Engine.Name);
            json.WriteString("vocabulary", replica.Vocabulary.Name);
            WriteNames("vocabulary_standbys", replica.VocabularyStandbys, json);
            json.WriteStartArray("stages");
            foreach (var stage in replica.Stages)
            {
                json.WriteStartObject();
                json.WriteNumber("stage", stage.Stage);
                json.WriteNumber("first_layer", stage.FirstLayer);
                json.WriteNumber("layers", stage.Layers);
                json.WriteString("host", stage.Host.Name);
                WriteNames("standbys", stage.Standbys, json);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("layers");
        foreach (var layer in plan.Layers)
        {
            WriteLayer(layer, json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLayer(LayerPlacement layer, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("layer", layer.Layer);
        json.WriteStartArray("expert_groups");
        foreach (var group in layer.ExpertGroups)
        {
            json.WriteStartObject();
            json.WriteNumber("group", group.Group);
            json.WriteNumber("first", group.First);
            json.WriteNumber("count", group.Count);
            json.WriteString("host", group.Host.Name);
            WriteNames("standbys", group.Standbys, json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNames(string key, HostId[] hosts, Utf8JsonWriter json)
    {
        json.WriteStartArray(key);
        foreach (var host in hosts)
        {
            json.WriteStringValue(host.Name);
        }

        json.WriteEndArray();
    }

    private static void WriteLinks(IReadOnlyList<LinkTraffic> links, Utf8JsonWriter json)
    {
        json.WriteStartArray("links");
        foreach (var link in links)
        {
            json.WriteStartObject();
            json.WriteNumber("replica", link.Replica);
            json.WriteString("from", link.From.Name);
            json.WriteString("to", link.To.Name);
            json.WriteNumber("bytes_per_token", link.Bytes);
            json.WriteNumber("expert_bytes_per_token", link.ExpertBytes);
            json.WriteNumber("hand_over_bytes_per_token", link.HandOverBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSteps(PlanReport report, Utf8JsonWriter json)
    {
        json.WriteStartArray("steps");
        foreach (var step in report.Prediction.Steps)
        {
            json.WriteStartObject();
            json.WriteNumber("batch", step.Batch);
            json.WriteBoolean("fits", step.Batch <= report.Request.Work.Sequences);
            json.WriteNumber("micro_batches", step.MicroBatches);
            json.WriteNumber("step_s", step.StepS);
            json.WriteNumber("tokens_per_s", step.TokensPerS);
            json.WriteStartObject("limit");
            json.WriteString("of", step.OneAfterAnother ? "path" : "busiest_host");
            json.WriteString("resource", Name(step.Resource));
            if (step.Host is { } host)
            {
                json.WriteString("host", host.Name);
            }

            json.WriteNumber("share", step.Share);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
