using System.Buffers.Binary;
using System.Text.Json;
using Llama4.Model;
using Microsoft.Win32.SafeHandles;

namespace Llama4.Server.Files;

/// <summary>One tensor that a file is going to hold.</summary>
/// <param name="Shape">Sizes, outermost first.</param>
internal sealed record TensorLayout(string Name, StoredType Type, IReadOnlyList<long> Shape)
{
    public long Elements { get; } = Shape.Aggregate(1L, (product, size) => checked(product * size));

    public long Bytes => Elements * Type.Bytes();
}

/// <summary>
/// Writes one safetensors file piece by piece: the header comes first, then any thread writes any piece of any tensor, so that no
/// tensor is ever held whole. The file gets its name in <see cref="Commit"/>: what was broken off is never found under it.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    private readonly string _path;
    private readonly string _part;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, (TensorLayout Layout, long Offset)> _tensors = [];
    private readonly long _dataBytes;
    private long _writtenBytes;
    private bool _committed;

    /// <param name="path">Where the file will stand; a file that stands there already is replaced.</param>
    /// <param name="tensors">All tensors of the file, in the order of their bytes.</param>
    /// <exception cref="IOException">Something else than a file stands there: a folder, or a device, whose name the file would take.</exception>
    public SafetensorsWriter(string path, IReadOnlyList<TensorLayout> tensors)
    {
        RefuseOtherThanFile(path);
        _path = path;
        _part = path + ".part";
        var header = Header(tensors, out _dataBytes);
        var offset = (long)header.Length;
        foreach (var tensor in tensors)
        {
            _tensors.Add(tensor.Name, (tensor, offset));
            offset += tensor.Bytes;
        }

        _file = File.OpenHandle(_part, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(_file, header, 0);
    }

    /// <summary>Writes a piece of a tensor; pieces may come in any order and from any thread, each byte once.</summary>
    /// <param name="offset">Of the piece in the tensor, in bytes.</param>
    public void Write(string tensor, long offset, ReadOnlySpan<byte> bytes)
    {
        var (layout, start) = _tensors[tensor];
        if (offset < 0 || offset > layout.Bytes - bytes.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"{tensor}: bytes {offset}..{offset + bytes.Length} of {layout.Bytes}");
        }

        RandomAccess.Write(_file, bytes, start + offset);
        Interlocked.Add(ref _writtenBytes, bytes.Length);
    }

    /// <summary>What was not written yet stays a hole: it reads as zeros, and takes no space where the file system knows holes.</summary>
    public void LeaveHoles()
    {
        RandomAccess.SetLength(_file, _tensors.Values.Max(tensor => tensor.Offset + tensor.Layout.Bytes));
        _writtenBytes = _dataBytes;
    }

    /// <summary>Gives the complete file its name.</summary>
    public void Commit()
    {
        if (_writtenBytes != _dataBytes)
        {
            throw new InvalidOperationException($"{_path}: {_writtenBytes} of {_dataBytes} bytes were written");
        }

        _file.Dispose();
        File.Move(_part, _path, overwrite: true);
        _committed = true;
    }

    /// <summary>Takes away what was not committed.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_committed)
        {
            File.Delete(_part);
        }
    }

    /// <summary>
    /// Said before anything is computed. A rename takes a device's name from it, and root may: /dev/null would be a file from then on.
    /// Devices stand in /dev itself; below it is also memory for files, /dev/shm.
    /// </summary>
    private static void RefuseOtherThanFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: expected a file to write, found a folder");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) == "/dev")
        {
            throw new IOException($"{path}: expected a file to write, found a device");
        }
    }

    /// <summary>Length and JSON, padded with blanks so that data begins at a multiple of 8 bytes, as the format's own writer does.</summary>
    private static byte[] Header(IReadOnlyList<TensorLayout> tensors, out long dataBytes)
    {
        using var json = new MemoryStream();
        json.Write(new byte[8]);
        var end = 0L;
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString("format", "pt"); // transformers refuses files without it
            writer.WriteEndObject();
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Type.ToString());
                WriteNumbers(writer, "shape", tensor.Shape);
                WriteNumbers(writer, "data_offsets", [end, end + tensor.Bytes]);
                writer.WriteEndObject();
                end += tensor.Bytes;
            }

            writer.WriteEndObject();
        }

        while (json.Length % 8 != 0)
        {
            json.WriteByte((byte)' ');
        }

        dataBytes = end;
        var header = json.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)header.Length - 8);
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IEnumerable<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
