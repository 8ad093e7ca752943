using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Model;

/// <summary>One tensor of an open checkpoint: what the header says (checked against the file), and access to its bytes.</summary>
public sealed class TensorEntry
{
    private readonly SafetensorsFile _file;
    private readonly long _offset;

    internal TensorEntry(SafetensorsFile file, string name, StoredType type, long[] shape, long offset, long bytes)
    {
        _file = file;
        _offset = offset;
        Name = name;
        Type = type;
        Shape = shape;
        Bytes = bytes;
    }

    /// <summary>The name in the file, prefix included.</summary>
    public string Name { get; }

    public string File => _file.Path;

    public StoredType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    public long Bytes { get; }

    public long Elements => Bytes / Type.Bytes();

    /// <summary>Maps the whole tensor.</summary>
    public HostBytes Map() => Map(0, Bytes);

    /// <summary>Maps bytes offset..offset + length of this tensor; disposing unmaps them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or not within the tensor.</exception>
    public HostBytes Map(long offset, long length) => MapChecked(offset, length);

    /// <summary>Reads bytes as they are, whatever the type.</summary>
    public void ReadBytes(long offset, byte[] destination)
    {
        using var bytes = MapChecked(offset, destination.Length);
        bytes.Read(0, destination);
    }

    /// <summary>Reads elements of the file's own type.</summary>
    /// <exception cref="ArgumentException">T is of another size than the elements.</exception>
    public T[] Read<T>(long firstElement, int count) where T : unmanaged
    {
        var size = Marshal.SizeOf<T>();
        if (size != Type.Bytes())
            throw new ArgumentException($"{Name} has elements of {Type.Bytes()} bytes ({Type}), not {size} ({typeof(T).Name})");
        var values = new T[count];
        if (count == 0)
            return values;
        using var bytes = MapChecked(firstElement * size, (long)count * size);
        bytes.Read(0, values);
        return values;
    }

    /// <summary>Reads F32, F16 or BF16 elements as floats, exactly.</summary>
    public float[] ReadFloats(long firstElement, int count) => Type switch
    {
        StoredType.F32 => Read<float>(firstElement, count),
        StoredType.BF16 => Array.ConvertAll(Read<ushort>(firstElement, count), Bf16.ToFloat),
        StoredType.F16 => Array.ConvertAll(Read<ushort>(firstElement, count), bits => (float)BitConverter.UInt16BitsToHalf(bits)),
        _ => throw new ArgumentException($"{Name} is {Type}, not F32, F16 or BF16"),
    };

    /// <summary>Reads the whole tensor as floats, exactly; for tensors of fewer than 2^31 elements.</summary>
    public float[] ReadFloats() => ReadFloats(0, checked((int)Elements));

    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";

    private MappedBytes MapChecked(long offset, long length)
    {
        if (offset < 0 || length <= 0 || offset > Bytes - length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{offset}..{offset}+{length} is not within the {Bytes} bytes of {Name}");
        return _file.Map(_offset + offset, length);
    }
}
