using System.Text.Json;

namespace Llama4.Model;

/// <summary>Which safetensors files a model directory consists of, and which tensors the index says they hold.</summary>
internal static class CheckpointFiles
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    /// <summary>Opens every file, or none: what was opened is closed when a later one fails.</summary>
    public static List<SafetensorsFile> Open(string directory)
    {
        var single = Path.Combine(directory, SingleName);
        var index = Path.Combine(directory, IndexName);
        if (File.Exists(single))
            return [SafetensorsFile.Open(single)];
        if (!File.Exists(index))
            throw new CheckpointException(directory, "directory", $"{SingleName} or {IndexName}", "neither");

        var byShard = ReadIndex(directory, index).ToLookup(entry => entry.Value, entry => entry.Key);
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (var shard in byShard)
            {
                files.Add(SafetensorsFile.Open(Path.Combine(directory, shard.Key)));
                CheckShard(index, files[^1], [.. shard]);
            }
            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <returns>Shard file name by tensor name.</returns>
    private static Dictionary<string, string> ReadIndex(string directory, string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
                throw new CheckpointException(index, "key weight_map", "an object of file names by tensor name", "none");
            var shards = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in map.EnumerateObject())
            {
                var subject = $"tensor {CheckpointException.Excerpt(entry.Name)}";
                if (entry.Value.ValueKind != JsonValueKind.String || !IsPlainName(entry.Value.GetString()!))
                    throw new CheckpointException(index, subject, "the name of a file in the same directory", CheckpointException.Excerpt(entry.Value.GetRawText()));
                var shard = entry.Value.GetString()!;
                if (!shards.TryAdd(entry.Name, shard))
                    throw new CheckpointException(index, subject, "one entry in weight_map", "two");
                if (!File.Exists(Path.Combine(directory, shard)))
                    throw new CheckpointException(index, subject, $"the shard {shard} in {directory}", "no such file");
            }
            return shards.Count > 0 ? shards : throw new CheckpointException(index, "key weight_map", "at least one tensor", "none");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(index, "file", "a readable JSON index", error.Message, error);
        }
    }

    /// <summary>A name that cannot lead out of the directory: an index may come from anywhere.</summary>
    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0 && !Path.IsPathRooted(name);

    private static void CheckShard(string index, SafetensorsFile shard, HashSet<string> listed)
    {
        foreach (var name in listed)
        {
            if (!shard.Tensors.ContainsKey(name))
                throw new CheckpointException(shard.Path, $"tensor {CheckpointException.Excerpt(name)}", $"to be in this file, as {index} says", "nothing");
        }
        foreach (var name in shard.Tensors.Keys)
        {
            if (!listed.Contains(name))
                throw new CheckpointException(shard.Path, $"tensor {CheckpointException.Excerpt(name)}", $"to be listed for this file in {index}", "nothing");
        }
    }
}
