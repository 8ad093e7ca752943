#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false

// Makes an image archive of "dotnet publish -t:PublishContainer" (ContainerImageFormat OCI) depend on what is in it and on nothing else:
//     dotnet run --file deploy/image/reproducible.cs -- ARCHIVE
// rewrites ARCHIVE in place and prints the digest of its manifest, the size of its layers as they travel and as they lie on disk. The SDK stamps
// each file with the moment it was packed, in the order the file system lists them and with its process id (dotnet/sdk#55689); here files
// are sorted, belong to root, and all times are SOURCE_DATE_EPOCH (seconds since 1970; 0 without it). Layers of the base image stay as they are. Done
// twice it changes nothing.
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

if (args.Length != 1 || !File.Exists(args[0]))
{
    Console.Error.WriteLine($"error: expected one image archive that exists, found '{string.Join(' ', args)}'");
    return 2;
}

const string BySdk = ".NET SDK";
var json = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
var epoch = DateTimeOffset.FromUnixTimeSeconds(long.Parse(Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH") is { Length: > 0 } given ? given : "0"));
var created = epoch.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
var files = Read(args[0]);
if (!files.TryGetValue("index.json", out var indexBytes))
{
    Console.Error.WriteLine($"error: {args[0]}: expected an archive with an OCI layout (index.json), found {string.Join(", ", files.Keys.Take(5))}");
    return 1;
}

var index = JsonNode.Parse(indexBytes)!;
var entry = index["manifests"]!.AsArray().Single()!;
var manifest = JsonNode.Parse(Take(entry))!;
var config = JsonNode.Parse(Take(manifest["config"]!))!;
var layers = manifest["layers"]!.AsArray();
long onDisk = 0;

// A history entry belongs to a layer unless it says that it has none.
var history = config["history"]!.AsArray().Where(one => one!["empty_layer"]?.GetValue<bool>() is not true).ToArray();
if (history.Length != layers.Count)
{
    Console.Error.WriteLine($"error: {args[0]}: expected a history entry for each of {layers.Count} layers, found {history.Length}");
    return 1;
}

for (var i = 0; i < layers.Count; i++)
{
    if (history[i]!["created_by"]?.GetValue<string>().StartsWith(BySdk, StringComparison.Ordinal) is true)
    {
        var tar = Sorted(Unzip(Take(layers[i]!)));
        config["rootfs"]!["diff_ids"]![i] = Digest(tar);
        Put(layers[i]!, Zip(tar));
        onDisk += tar.LongLength;
    }
    else
    {
        onDisk += Unzip(files[Blob(layers[i]!)]).LongLength;
    }
}

config["created"] = created;
foreach (var one in config["history"]!.AsArray().Where(one => one!["author"]?.GetValue<string>() == BySdk))
    one!["created"] = created;
Put(manifest["config"]!, JsonSerializer.SerializeToUtf8Bytes(config, json));
Put(entry, JsonSerializer.SerializeToUtf8Bytes(manifest, json));
files["index.json"] = JsonSerializer.SerializeToUtf8Bytes(index, json);
Write(args[0], files);
Console.WriteLine($"{entry["digest"]} {layers.Sum(layer => layer!["size"]!.GetValue<long>())} {onDisk}");
return 0;

byte[] Take(JsonNode descriptor) => files.Remove(Blob(descriptor), out var bytes) ? bytes : throw new InvalidDataException($"{args[0]}: it has no {Blob(descriptor)}");

void Put(JsonNode descriptor, byte[] bytes)
{
    descriptor["digest"] = Digest(bytes);
    descriptor["size"] = bytes.LongLength;
    files[Blob(descriptor)] = bytes;
}

static string Blob(JsonNode descriptor) => "blobs/" + descriptor["digest"]!.GetValue<string>().Replace(':', '/');

static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

static Dictionary<string, byte[]> Read(string archive)
{
    var files = new Dictionary<string, byte[]>();
    using var reader = new TarReader(File.OpenRead(archive));
    while (reader.GetNextEntry() is { } file)
    {
        if (file.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            continue;
        using var bytes = new MemoryStream();
        file.DataStream?.CopyTo(bytes);
        files[file.Name] = bytes.ToArray();
    }
    return files;
}

/// Ustar: it has no fields beyond those set here; a name that does not fit (100 characters, 155 more for the folder) is an error.
void Write(string archive, Dictionary<string, byte[]> contents)
{
    var next = archive + ".next";
    using (var writer = new TarWriter(File.Create(next), TarEntryFormat.Ustar))
    {
        foreach (var (name, bytes) in contents.OrderBy(file => file.Key, StringComparer.Ordinal))
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { ModificationTime = epoch, DataStream = new MemoryStream(bytes) });
    }
    File.Move(next, archive, overwrite: true);
}

byte[] Sorted(byte[] tar)
{
    var entries = new List<TarEntry>();
    using var reader = new TarReader(new MemoryStream(tar));
    while (reader.GetNextEntry(copyData: true) is { } one)
        entries.Add(one);
    using var sorted = new MemoryStream();
    using (var writer = new TarWriter(sorted, TarEntryFormat.Ustar, leaveOpen: true))
    {
        foreach (var one in entries.OrderBy(one => one.Name, StringComparer.Ordinal))
        {
            var plain = new UstarTarEntry(one.EntryType, one.Name) { ModificationTime = epoch, Mode = one.Mode };
            if (one.EntryType is TarEntryType.RegularFile)
                plain.DataStream = one.DataStream ?? new MemoryStream();
            writer.WriteEntry(plain);
        }
    }
    return sorted.ToArray();
}

static byte[] Unzip(byte[] bytes)
{
    using var tar = new MemoryStream();
    using var zip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
    zip.CopyTo(tar);
    return tar.ToArray();
}

static byte[] Zip(byte[] tar)
{
    using var bytes = new MemoryStream();
    using (var zip = new GZipStream(bytes, CompressionLevel.Optimal))
        zip.Write(tar);
    return bytes.ToArray();
}
