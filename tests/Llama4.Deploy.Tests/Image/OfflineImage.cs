using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;

namespace Llama4.Deploy.Tests.Image;

/// <summary>The image, built once for all tests of it by deploy/image/build-offline.sh. Code is not compiled ahead here, which takes a minute.</summary>
public sealed class OfflineImage : IAsyncLifetime
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(12);
    private static readonly string[] Programs = ["apt-get", "dpkg-deb", "docker-registry", "curl"];

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-image-").FullName;

    /// <summary>The archive; the test is skipped where it cannot be built.</summary>
    public string Archive => Path.Combine(_folder, "llama4.tar");

    /// <summary>What the script said: digest, bytes of the layers as they travel, bytes as they lie on disk.</summary>
    public string Digest { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (Programs.All(Command.IsThere))
            Digest = await BuildAsync(Archive);
    }

    /// <summary>Skips the test where there is no image.</summary>
    public void Require()
    {
        var missing = Programs.Where(program => !Command.IsThere(program)).ToArray();
        Assert.SkipUnless(missing.Length == 0, $"an image without a public registry needs Debian and {string.Join(", ", missing)}");
    }

    /// <summary>Builds it once more.</summary>
    /// <returns>What the script said.</returns>
    public static Task<string> BuildAsync(string archive) =>
        Command.OutputAsync(BuildLimit, Path.Combine(Golden.Checkout, "deploy/image/build-offline.sh"), archive, "-p:PublishReadyToRun=false");

    /// <summary>Where a second one may be written.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>The config of the image, as OCI has it.</summary>
    public JsonElement Config() => Json(Json(Json("index.json").GetProperty("manifests")[0]).GetProperty("config"));

    /// <summary>Names and modes of what the layer of this number holds.</summary>
    public IReadOnlyList<(string Name, UnixFileMode Mode, int Owner)> Layer(Index number)
    {
        var layers = Json(Json("index.json").GetProperty("manifests")[0]).GetProperty("layers");
        using var layer = new TarReader(new GZipStream(new MemoryStream(Blob(layers[number.GetOffset(layers.GetArrayLength())])), CompressionMode.Decompress));
        var entries = new List<(string, UnixFileMode, int)>();
        while (layer.GetNextEntry() is { } entry)
            entries.Add((entry.Name, entry.Mode, entry.Uid));
        return entries;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private JsonElement Json(JsonElement descriptor) => JsonDocument.Parse(Blob(descriptor)).RootElement;

    private JsonElement Json(string name) => JsonDocument.Parse(File(name)).RootElement;

    private byte[] Blob(JsonElement descriptor) => File("blobs/" + descriptor.GetProperty("digest").GetString()!.Replace(':', '/'));

    private byte[] File(string name)
    {
        using var archive = new TarReader(System.IO.File.OpenRead(Archive));
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.Name != name)
                continue;
            using var bytes = new MemoryStream();
            entry.DataStream!.CopyTo(bytes);
            return bytes.ToArray();
        }
        throw new InvalidDataException($"{Archive} has no {name}");
    }
}
