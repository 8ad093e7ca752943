using System.Globalization;
using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Live;

/// <summary>The JSON of an event <c>live</c>; what its members mean: docs/decisions/live.md.</summary>
internal static class LiveJson
{
    private static readonly HostRoles[] Single = [.. Enum.GetValues<HostRoles>().Where(role => role is not (HostRoles.None or HostRoles.Any))];

    /// <summary>Experts of a layer that has any; 0 for a model without, and before the first plan.</summary>
    public static int ExpertsOf(PlacementPlan? plan) =>
        plan?.Layers.FirstOrDefault(layer => layer.ExpertGroups.Length > 0)?.ExpertGroups.Sum(group => group.Count) ?? 0;

    /// <param name="heat">[layers * experts] tokens.</param>
    /// <param name="seconds">In which they were.</param>
    public static void Write(Utf8JsonWriter json, DateTimeOffset time, string model, ClusterStatus status, EngineRates engine, long[] heat, int seconds)
    {
        json.WriteStartObject();
        json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteNumber("epoch", status.Epoch);
        json.WriteString("model", model);
        json.WriteStartArray("hosts");
        foreach (var host in status.Hosts.OrderBy(host => host.Host.Name, StringComparer.Ordinal))
        {
            WriteHost(json, host, status.Plan);
        }

        json.WriteEndArray();
        WriteEngine(json, engine);
        WriteHeat(json, status.Plan, heat, seconds);
        json.WriteEndObject();
    }

    private static void WriteHost(Utf8JsonWriter json, HostStatus host, PlacementPlan? plan)
    {
        json.WriteStartObject();
        json.WriteString("name", host.Host.Name);
        json.WriteStartArray("roles");
        foreach (var role in Single.Where(role => host.Roles.HasFlag(role)))
        {
            json.WriteStringValue(role.ToString().ToLowerInvariant());
        }

        json.WriteEndArray();
        json.WriteString("zone", host.Zone);
        json.WriteNumber("memory_bytes", host.MemoryBytes);
        json.WriteNumber("memory_used_bytes", host.WeightBytes);
        json.WriteStartArray("layers");
        foreach (var layer in (plan?.Layers ?? []).Where(layer => plan!.Replicas.Any(replica => replica.StageOf(layer.Layer).Host == host.Host)))
        {
            json.WriteNumberValue(layer.Layer);
        }

        json.WriteEndArray();
        json.WriteStartArray("experts");
        foreach (var layer in plan?.Layers ?? [])
        {
            WriteExperts(json, layer, host.Host);
        }

        json.WriteEndArray();
        json.WriteNumber("rows_per_second", Math.Round(host.RowsPerS, 3));
        json.WriteBoolean("suspected", host.Condition == HostCondition.Suspected);
        json.WriteEndObject();
    }

    private static void WriteExperts(Utf8JsonWriter json, LayerPlacement layer, HostId host)
    {
        var owned = layer.ExpertGroups.Where(group => group.Host == host).Select(group => (group.First, group.Count));
        var shared = layer.ExpertGroups.SelectMany(group => group.Hot).Where(hot => hot.SecondOwner == host).Select(hot => (First: hot.Expert, Count: 1));
        foreach (var (first, count) in owned.Concat(shared))
        {
            json.WriteStartObject();
            json.WriteNumber("layer", layer.Layer);
            json.WriteNumber("first", first);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }
    }

    private static void WriteEngine(Utf8JsonWriter json, EngineRates engine)
    {
        json.WriteStartObject("engine");
        json.WriteNumber("running", engine.Sum.Running);
        json.WriteNumber("waiting", engine.Sum.Waiting);
        json.WriteNumber("kv_blocks_used", engine.Sum.KvBlocksUsed);
        json.WriteNumber("kv_blocks", engine.Sum.KvBlocks);
        json.WriteNumber("tokens_per_second", Math.Round(engine.TokensPerS, 3));
        json.WriteNumber("prompt_tokens_per_second", Math.Round(engine.PromptTokensPerS, 3));
        json.WriteNumber("cached_tokens_per_second", Math.Round(engine.CachedTokensPerS, 3));
        json.WriteEndObject();
    }

    private static void WriteHeat(Utf8JsonWriter json, PlacementPlan? plan, long[] heat, int seconds)
    {
        var experts = ExpertsOf(plan);
        json.WriteStartObject("heat");
        json.WriteNumber("seconds", seconds);
        json.WriteNumber("experts", experts);
        json.WriteStartArray("layers");
        foreach (var layer in (plan?.Layers ?? []).Where(layer => layer.ExpertGroups.Length > 0))
        {
            json.WriteStartObject();
            json.WriteNumber("layer", layer.Layer);
            json.WriteStartArray("tokens");
            foreach (var tokens in heat.AsSpan(layer.Layer * experts, experts))
            {
                json.WriteNumberValue(tokens);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
