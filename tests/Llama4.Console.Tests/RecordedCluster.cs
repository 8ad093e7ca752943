using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama4.Console.Tests;

/// <summary>A cluster whose figures follow from a hash: the same in each run.</summary>
/// <param name="Layers">Layers of the model, of which every <paramref name="Step"/>-th has experts.</param>
internal sealed record RecordedCluster(string Model, int Layers, int Experts, int Step, string[] Hosts)
{
    public static RecordedCluster Scout { get; } = new("Llama-4-Scout-17B-16E-Instruct", 48, 16, 1, ["amber", "birch", "cedar", "dogwood"]);

    public static RecordedCluster Maverick { get; } = new("Llama-4-Maverick-17B-128E-Instruct", 48, 128, 2, ["amber", "birch", "cedar", "dogwood", "elm", "fir"]);

    private IEnumerable<int> ExpertLayers => Enumerable.Range(0, Layers).Where(layer => layer % Step == Step - 1);

    private int Group => (Experts + Hosts.Length - 2) / (Hosts.Length - 1); // the first host has the attention

    public string Live(int second) => JsonSerializer.Serialize(new
    {
        time = "2026-05-01T12:00:00.000Z",
        epoch = 7,
        model = Model,
        hosts = Hosts.Select((name, h) => new
        {
            name,
            roles = h == 0 ? new[] { "engine", "attention", "vocabulary", "gateway" } : ["experts"],
            zone = h == 0 ? "rack-1" : "rack-2",
            memory_bytes = 80L << 30,
            memory_used_bytes = (h == 0 ? 31L : 52 + h) << 30,
            layers = h == 0 ? Enumerable.Range(0, Layers).ToArray() : [],
            experts = h == 0 ? [] : ExpertLayers.Select(layer => new { layer, first = (h - 1) * Group, count = Math.Min(Group, Experts - (h - 1) * Group) }).ToArray(),
            rows_per_second = h == 0 ? 0 : 900 + Hash(h, second, 3) % 700 / 1.0,
            suspected = false,
        }),
        engine = new
        {
            running = 41,
            waiting = second % 7 == 3 ? 2 : 0,
            kv_blocks_used = 9200 + Hash(second, 1, 1) % 900,
            kv_blocks = 16384,
            tokens_per_second = 1180.0 + Hash(second, 5, 1) % 260,
            prompt_tokens_per_second = 5200.0 + Hash(second, 6, 1) % 4000,
            cached_tokens_per_second = 3100.0,
        },
        heat = new
        {
            seconds = 5,
            experts = Experts,
            layers = ExpertLayers.Select(layer => new { layer, tokens = Enumerable.Range(0, Experts).Select(e => Load(layer, e, second)).ToArray() }),
        },
    });

    public JsonObject Path(int index, string text) => new()
    {
        ["choice"] = 0,
        ["index"] = index,
        ["token"] = 1000 + Hash(index, text.Length, 1) % 100000,
        ["text"] = text,
        ["layers"] = new JsonArray([.. Enumerable.Range(0, Layers).Select(layer => Layer(index, layer))]),
    };

    private JsonObject Layer(int index, int layer)
    {
        var entry = new JsonObject { ["layer"] = layer, ["host"] = Hosts[0], ["attention_us"] = 180 + Hash(index, layer, 2) % 90 };
        if (layer % Step != Step - 1)
        {
            entry["feed_forward_us"] = 90 + Hash(index, layer, 4) % 30;
            return entry;
        }

        var expert = Expert(index, layer);
        entry["expert"] = expert;
        entry["score"] = 0.35 + (Hash(index, layer, 9) % 60 / 100.0);
        entry["expert_host"] = Hosts[1 + (expert / Group)];
        entry["wire_us"] = 120 + Hash(index, layer, 5) % 160;
        entry["expert_us"] = 210 + Hash(index, layer, 6) % 120;
        var first = 0.38 + (Hash(index, layer, 9) % 50 / 100.0);
        entry["top"] = new JsonArray([.. Enumerable.Range(0, 3).Select(k => (JsonNode)new JsonObject
        {
            ["expert"] = (expert + (k * 5)) % Experts,
            ["score"] = 0.8 - (0.3 * k),
            ["probability"] = k == 0 ? first : (1 - first) * (k == 1 ? 0.5 : 0.2),
        })]);
        return entry;
    }

    /// <summary>The fuller of two, so that some experts are asked more.</summary>
    private int Expert(int index, int layer)
    {
        int a = Hash(index, layer, 11) % Experts, b = Hash(index, layer, 13) % Experts;
        return Load(layer, a, 0) > Load(layer, b, 0) ? a : b;
    }

    private static int Load(int layer, int expert, int second)
    {
        var base_ = Hash(layer, expert, 7) % 1000 / 1000.0;
        var wave = 0.75 + (0.25 * Math.Sin((second * 0.8) + layer + (expert * 1.7)));
        return (int)(620 * Math.Pow(base_, 2.6) * wave) + (Hash(layer, expert, second + 20) % 24);
    }

    private static int Hash(int a, int b, int c)
    {
        var h = unchecked(((uint)a * 2654435761u) ^ ((uint)b * 2246822519u) ^ ((uint)c * 3266489917u));
        h ^= h >> 15;
        h = unchecked(h * 2654435761u);
        return (int)((h ^ (h >> 13)) >> 1);
    }
}
