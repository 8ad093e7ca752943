using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Llama4.Model.Tests;

/// <summary>A tensor as a test wants it stored.</summary>
internal sealed record StoredTensor(string Name, string Type, long[] Shape, byte[] Data);

/// <summary>A model directory of a test's own making, in the temporary folder: a right one at first, then whatever lie is told.</summary>
internal sealed class ModelDirectory : IDisposable
{
    public ModelDirectory()
    {
        Path = Directory.CreateTempSubdirectory("llama4-model-").FullName;
        Config = JsonNode.Parse("""
            {
              "model_type": "llama4_text", "vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4,
              "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 16, "intermediate_size_mlp": 24, "num_local_experts": 4,
              "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "attention_chunk_size": 32, "floor_scale": 32, "attn_scale": 0.1,
              "rope_theta": 500000.0, "rope_scaling": null, "rms_norm_eps": 1e-5, "max_position_embeddings": 4096, "tie_word_embeddings": false
            }
            """)!.AsObject();
    }

    public string Path { get; }

    /// <summary>What <see cref="WriteConfig"/> writes: Maverick in small.</summary>
    public JsonObject Config { get; }

    /// <summary>Every tensor of the config, bf16, with the names of the released checkpoints.</summary>
    public List<StoredTensor> Tensors()
    {
        var random = new Random(11);
        var config = Llama4Config.Parse(Encoding.UTF8.GetBytes(Config.ToJsonString()), "config.json");
        return [.. ParameterTable.Text(config).Select(parameter => new StoredTensor(
            parameter.ReleasedName, "BF16", [.. parameter.Shape], Random(random, parameter.Count)))];
    }

    public void WriteConfig() => File.WriteAllText(FileOf("config.json"), Config.ToJsonString());

    /// <summary>Config and one file with these tensors.</summary>
    public void Write(IEnumerable<StoredTensor> tensors)
    {
        WriteConfig();
        WriteSafetensors("model.safetensors", tensors);
    }

    public void WriteSafetensors(string file, IEnumerable<StoredTensor> tensors)
    {
        var header = new JsonObject();
        var data = new List<byte>();
        foreach (var tensor in tensors)
        {
            header.Add(tensor.Name, new JsonObject
            {
                ["dtype"] = tensor.Type,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(data.Count, data.Count + tensor.Data.Length),
            });
            data.AddRange(tensor.Data);
        }
        WriteRaw(file, header.ToJsonString(), [.. data]);
    }

    /// <summary>A file with any header text, any data, and any length before them.</summary>
    public string WriteRaw(string file, string header, byte[] data, ulong? length = null)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length ?? (ulong)text.Length);
        File.WriteAllBytes(FileOf(file), [.. prefix, .. text, .. data]);
        return FileOf(file);
    }

    /// <summary>An index that says which file holds which tensor.</summary>
    public void WriteIndex(IEnumerable<(string Tensor, string File)> entries) => File.WriteAllText(
        FileOf("model.safetensors.index.json"),
        new JsonObject { ["weight_map"] = new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Tensor, (JsonNode?)entry.File))) }.ToJsonString());

    public string FileOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Opening must fail with one error, and leave no file open.</summary>
    public CheckpointException OpenFails()
    {
        var error = Should.Throw<CheckpointException>(() => Checkpoint.Open(Path).Dispose());
        foreach (var file in Directory.EnumerateFiles(Path))
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        error.Message.ShouldBe($"{error.File}: {error.Subject}: expected {error.Expected}, found {error.Found}");
        error.Message.Length.ShouldBeLessThan(1000);
        return error;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static byte[] Random(Random random, long count)
    {
        var bytes = new byte[count * 2];
        for (var i = 0; i < count; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan((int)i * 2), Bf16.FromFloat((float)(random.NextDouble() - 0.5)));
        return bytes;
    }
}
