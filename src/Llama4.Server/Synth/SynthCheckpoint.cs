using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.Model;
using Llama4.Server.Files;
using Llama4.Server.Output;

namespace Llama4.Server.Synth;

/// <summary>Writes a made-up checkpoint in the Hugging Face layout, in pieces of a few megabytes, whatever its size.</summary>
internal sealed class SynthCheckpoint(SynthShape shape, ulong seed)
{
    /// <summary>2 MiB of bf16: a piece is the unit of work of a thread, and all that it holds.</summary>
    private const int PieceElements = 1 << 20;

    private const long PieceBytes = 2L * PieceElements;

    private readonly List<(Parameter Parameter, TensorLayout Layout)> _tensors =
        [.. ParameterTable.Text(shape.Config).Select(p => (p, new TensorLayout(StoredName(p.Name), StoredType.BF16, p.Shape)))];

    /// <summary>Past this a checkpoint is sharded: the default of transformers' save_pretrained. One larger tensor has a shard of its own.</summary>
    public long ShardBytesMax { get; init; } = 5_000_000_000;

    public long Bytes => _tensors.Sum(t => t.Layout.Bytes);

    /// <summary>The vocabulary has room for one; without it the checkpoint can be measured and compared, and not be served.</summary>
    public bool HasTokenizer => shape.Config.VocabSize >= SynthTokenizer.VocabularyMin;

    public long Parameters => _tensors.Sum(t => t.Layout.Elements);

    /// <summary>Writes everything, or, if it fails or is cancelled, nothing.</summary>
    /// <param name="directory">Made if it is not there; must not hold a model.</param>
    /// <param name="progress">Share done, 0 to 1, from any thread.</param>
    /// <returns>How many safetensors files there are.</returns>
    public int Write(string directory, Action<double> progress, CancellationToken cancellation)
    {
        RefuseModel(directory);
        RefuseTooSmallDisk(directory);
        Directory.CreateDirectory(directory);
        var shards = Shards();
        var writers = new List<SafetensorsWriter>();
        try
        {
            foreach (var (name, tensors) in shards)
            {
                writers.Add(new SafetensorsWriter(Path.Combine(directory, name), tensors));
            }

            WriteTensors(shards, writers, progress, cancellation);
            writers.ForEach(w => w.Commit());
        }
        finally
        {
            writers.ForEach(w => w.Dispose());
        }

        if (shards.Count > 1)
        {
            WriteJson(directory, "model.safetensors.index.json", Index(shards));
        }

        if (HasTokenizer)
        {
            foreach (var (name, text) in SynthTokenizer.Files(shape.Config.VocabSize))
            {
                File.WriteAllText(Path.Combine(directory, name), text);
            }
        }

        WriteJson(directory, "config.json", shape.Json);
        return shards.Count;
    }

    /// <summary>Names of transformers' Llama4ForCausalLM, the text model alone.</summary>
    private static string StoredName(string name) => name == TensorNames.Output ? name : "model." + name;

    private void WriteTensors(
        List<(string Name, List<TensorLayout> Tensors)> shards, List<SafetensorsWriter> writers, Action<double> progress, CancellationToken cancellation)
    {
        var parameters = _tensors.ToDictionary(t => t.Layout.Name, t => t.Parameter);
        var total = Bytes;
        var done = 0L;
        foreach (var (shard, writer) in shards.Zip(writers))
        {
            foreach (var tensor in shard.Tensors)
            {
                var (mean, deviation) = WeightScale.Of(parameters[tensor.Name], shape.Config);
                var key = NormalNoise.Key(seed, parameters[tensor.Name].Name);
                var pieces = (tensor.Elements + PieceElements - 1) / PieceElements;
                Parallel.For(0, pieces, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
                {
                    var first = i * PieceElements;
                    var piece = ArrayPool<ushort>.Shared.Rent(PieceElements);
                    var values = piece.AsSpan(0, (int)Math.Min(PieceElements, tensor.Elements - first));
                    NormalNoise.Fill(values, key, first, mean, deviation);
                    writer.Write(tensor.Name, i * PieceBytes, MemoryMarshal.AsBytes(values));
                    progress((double)Interlocked.Add(ref done, 2L * values.Length) / total);
                    ArrayPool<ushort>.Shared.Return(piece);
                });
            }
        }
    }

    private List<(string Name, List<TensorLayout> Tensors)> Shards()
    {
        var shards = new List<List<TensorLayout>> { new() };
        var bytes = 0L;
        foreach (var (_, layout) in _tensors)
        {
            if (shards[^1].Count > 0 && bytes + layout.Bytes > ShardBytesMax)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(layout);
            bytes += layout.Bytes;
        }

        return shards.Count == 1
            ? [("model.safetensors", shards[0])]
            : [.. shards.Select((tensors, i) => ($"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors", tensors))];
    }

    private JsonObject Index(List<(string Name, List<TensorLayout> Tensors)> shards) => new()
    {
        ["metadata"] = new JsonObject { ["total_size"] = Bytes },
        ["weight_map"] = new JsonObject(shards.SelectMany(s => s.Tensors.Select(t => KeyValuePair.Create(t.Name, (JsonNode?)s.Name)))),
    };

    private static void WriteJson(string directory, string name, JsonObject json) =>
        File.WriteAllText(Path.Combine(directory, name), json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");

    private static void RefuseModel(string directory)
    {
        if (File.Exists(directory))
        {
            throw new IOException($"{directory}: expected a directory to write into, found a file");
        }

        if (Directory.Exists(directory) && Directory.EnumerateFiles(directory).Any(f => f.EndsWith(".safetensors", StringComparison.Ordinal) || Path.GetFileName(f) == "config.json"))
        {
            throw new IOException($"{directory} holds a model already; remove it or choose another directory");
        }
    }

    /// <summary>Said at once, not after an hour of writing.</summary>
    private void RefuseTooSmallDisk(string directory)
    {
        var folder = new DirectoryInfo(directory);
        while (!folder.Exists)
        {
            folder = folder.Parent!; // the root is always there
        }

        var free = new DriveInfo(folder.FullName).AvailableFreeSpace;
        if (free < Bytes)
        {
            throw new IOException($"{directory}: the checkpoint takes {ByteSize.Format(Bytes)}, the disk has {ByteSize.Format(free)} left");
        }
    }
}
