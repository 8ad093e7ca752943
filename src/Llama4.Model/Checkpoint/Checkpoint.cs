using System.Security.Cryptography;
using System.Text;

namespace Llama4.Model;

/// <summary>
/// A model directory in the Hugging Face layout, opened: config and safetensors, checked against each other before
/// anything is loaded. Weights are read through memory maps, range by range; nothing here holds them.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    /// <summary>Of each tensor: fine-tuned weights differ in their first 32 values, somewhere among hundreds of tensors.</summary>
    private const long IdentityElements = 32;

    private readonly List<SafetensorsFile> _files;
    private readonly Dictionary<string, TensorEntry> _tensors;

    /// <summary>The vision tower's tensors, once they were asked for and checked.</summary>
    private Dictionary<string, TensorEntry> _visionTensors = [];

    private Checkpoint(string directory, Llama4Config config, List<SafetensorsFile> files, Dictionary<string, TensorEntry> tensors)
    {
        Directory = directory;
        Config = config;
        _files = files;
        _tensors = tensors;
    }

    public string Directory { get; }

    public Llama4Config Config { get; }

    /// <summary>Bytes of the text model's weights in the files.</summary>
    public long WeightBytes => _tensors.Values.Sum(tensor => tensor.Bytes);

    /// <summary>
    /// Tells checkpoints apart, also fine-tuned ones of one model: hosts must not mix them. A digest of the tensors' names, types and shapes and of the first
    /// bytes of each, those of a vision tower included; 16 hexadecimal digits.
    /// </summary>
    public string Identity
    {
        get
        {
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var vision = HasVision ? Resolve(_files, VisionNames.WithoutPrefix) : [];
            foreach (var (name, tensor) in _tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal).Concat(vision.OrderBy(tensor => tensor.Key, StringComparer.Ordinal)))
            {
                digest.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.Type} [{string.Join(',', tensor.Shape)}]"));
                var start = new byte[Math.Min(IdentityElements * tensor.Type.Bytes(), tensor.Bytes)];
                if (start.Length > 0)
                {
                    tensor.ReadBytes(0, start);
                }
                digest.AppendData(start);
            }
            return Convert.ToHexStringLower(digest.GetHashAndReset().AsSpan(0, 8));
        }
    }

    /// <summary>Bytes of tensors that were read so far, each as often as it was: nothing is mapped but to be read.</summary>
    public long BytesRead => _files.Sum(file => file.BytesMapped);

    /// <summary>
    /// A tensor by its name without a prefix: of the text model (<see cref="TensorNames"/>), or, after <see cref="RequireVision"/>, of the vision tower
    /// (<see cref="VisionNames"/>).
    /// </summary>
    public TensorEntry this[string name] => _tensors.TryGetValue(name, out var tensor) ? tensor : _visionTensors[name];

    /// <summary>Opens a directory with config.json and model.safetensors, or its shards and model.safetensors.index.json.</summary>
    /// <exception cref="CheckpointException">Anything in it is missing, superfluous, or not what it says it is.</exception>
    public static Checkpoint Open(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
            throw new CheckpointException(directory, "directory", "a directory with config.json and safetensors", "no such directory");
        var config = Llama4Config.Load(Path.Combine(directory, "config.json"));
        var files = CheckpointFiles.Open(directory);
        try
        {
            var found = Resolve(files, name => VisionNames.WithoutPrefix(name) is null ? TensorNames.WithoutPrefix(name) : null);
            var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
            foreach (var parameter in ParameterTable.Text(config))
                tensors.Add(parameter.Name, Take(directory, found, parameter));
            RefuseExtra(config, found);
            return new Checkpoint(directory, config, files, tensors);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>The config has a vision tower, and the files have some tensor of one: text models cut out of released ones keep only the config's.</summary>
    public bool HasVision => Config.Vision is not null && _files.Any(file => file.Tensors.Values.Any(tensor => VisionNames.WithoutPrefix(tensor.Name) is not null));

    /// <summary>
    /// The vision tower, its tensors checked as <see cref="Open"/> checks those of the text model. Not checked there: a host of the text model alone has
    /// no use for them, and may be without.
    /// </summary>
    /// <exception cref="CheckpointException">The config has no vision tower or one that cannot be, or a tensor is missing, superfluous or of the wrong shape.</exception>
    public VisionConfig RequireVision()
    {
        var file = Path.Combine(Directory, "config.json");
        var vision = Config.Vision ?? throw new CheckpointException(file, "key vision_config", "the sizes of a vision tower", "nothing");
        vision.RequireTower(file);
        var found = Resolve(_files, VisionNames.WithoutPrefix);
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var parameter in ParameterTable.All(Config).Where(parameter => parameter.Kind == ParameterKind.Vision))
            tensors.Add(parameter.Name, Take(Directory, found, parameter));
        RefuseLeft(found);
        _visionTensors = tensors;
        return vision;
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    /// <summary>Tensors by name without prefix.</summary>
    /// <param name="withoutPrefix">Null for tensors that are not meant.</param>
    private static Dictionary<string, TensorEntry> Resolve(List<SafetensorsFile> files, Func<string, string?> withoutPrefix)
    {
        var found = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var tensor in files.SelectMany(file => file.Tensors.Values))
        {
            if (withoutPrefix(tensor.Name) is not { } name)
                continue;
            if (!found.TryAdd(name, tensor))
                throw Error(tensor, $"one tensor for {name}", $"also {found[name].Name} in {found[name].File}");
        }
        return found;
    }

    private static TensorEntry Take(string directory, Dictionary<string, TensorEntry> found, Parameter parameter)
    {
        if (!found.Remove(parameter.Name, out var tensor))
            throw new CheckpointException(directory, $"tensor {parameter.ReleasedName} (or with another known prefix)", Describe(parameter), "nothing");
        if (!tensor.Shape.SequenceEqual(parameter.Shape))
            throw Error(tensor, Describe(parameter), $"[{string.Join(", ", tensor.Shape)}]");
        if (tensor.Type.AsDType() is null)
            throw Error(tensor, "BF16, F16 or F32", $"{tensor.Type}");
        return tensor;
    }

    private static void RefuseExtra(Llama4Config config, Dictionary<string, TensorEntry> left)
    {
        // A tied model may carry the output matrix all the same: it is the embedding.
        if (config.TiesEmbeddings)
            left.Remove(TensorNames.Output);
        RefuseLeft(left);
    }

    private static void RefuseLeft(Dictionary<string, TensorEntry> left)
    {
        if (left.Count > 0)
        {
            var tensor = left.MinBy(entry => entry.Key, StringComparer.Ordinal).Value;
            throw Error(tensor, "only tensors of the model that config.json describes", $"{tensor}{(left.Count > 1 ? $" and {left.Count - 1} more" : "")}");
        }
    }

    private static string Describe(Parameter parameter) => $"[{string.Join(", ", parameter.Shape)}], as config.json says";

    private static CheckpointException Error(TensorEntry tensor, string expected, string found) =>
        new(tensor.File, $"tensor {CheckpointException.Excerpt(tensor.Name)}", expected, found);
}
