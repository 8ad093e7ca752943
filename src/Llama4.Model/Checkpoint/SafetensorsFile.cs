using System.IO.MemoryMappedFiles;

namespace Llama4.Model;

/// <summary>One open safetensors file: its checked header, and the map its tensors are read through.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly Dictionary<string, TensorEntry> _tensors;
    private long _bytesMapped;

    private SafetensorsFile(string path, MemoryMappedFile? map, TensorRange[] ranges, long dataStart)
    {
        Path = path;
        _map = map;
        _tensors = ranges.ToDictionary(
            range => range.Name,
            range => new TensorEntry(this, range.Name, range.Type, range.Shape, dataStart + range.Begin, range.End - range.Begin),
            StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>Tensors by the name in the file.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <exception cref="CheckpointException">The file cannot be read, or its header lies.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "file", "a readable safetensors file", error.Message, error);
        }
        try
        {
            var (ranges, dataStart) = SafetensorsHeader.Read(path, stream);
            // A file without data has nothing to map, and an empty map is refused.
            var map = stream.Length > dataStart
                ? MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false)
                : null;
            if (map is null)
                stream.Dispose();
            return new SafetensorsFile(path, map, ranges, dataStart);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of tensors that were mapped so far, each as often as it was.</summary>
    public long BytesMapped => Interlocked.Read(ref _bytesMapped);

    /// <summary>Maps a range of the file, which the caller has checked.</summary>
    internal MappedBytes Map(long offset, long length)
    {
        Interlocked.Add(ref _bytesMapped, length);
        return new MappedBytes(_map!.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), length);
    }

    public void Dispose() => _map?.Dispose();
}
