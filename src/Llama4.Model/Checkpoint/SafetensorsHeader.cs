using System.Buffers.Binary;
using System.Text.Json;

namespace Llama4.Model;

/// <summary>Where one tensor lies: its bytes are Begin..End of the file's data section.</summary>
internal readonly record struct TensorRange(string Name, StoredType Type, long[] Shape, long Begin, long End);

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes of length, then JSON, then the data section, which the
/// tensors must cover exactly (the format allows neither overlaps nor holes). Nothing is believed before it is checked.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit; a larger length is a lie or an attack, and would be allocated.</summary>
    private const int BytesMax = 100_000_000;

    /// <returns>The tensors in the order of their bytes, and the file offset of the data section.</returns>
    public static (TensorRange[] Tensors, long DataStart) Read(string file, Stream stream)
    {
        var json = ReadJson(file, stream);
        var dataStart = 8L + json.Length;
        var tensors = Parse(file, json, stream.Length - dataStart);
        Array.Sort(tensors, (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        CheckCoverage(file, tensors, stream.Length - dataStart);
        return (tensors, dataStart);
    }

    private static byte[] ReadJson(string file, Stream stream)
    {
        if (stream.Length < 8)
            throw Error(file, "at least the 8 bytes of the header's length", $"a file of {stream.Length} bytes");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > BytesMax)
            throw Error(file, $"a length of at most {BytesMax} bytes", $"{length}");
        if ((long)length > stream.Length - 8)
            throw Error(file, $"{length} bytes, as its length says", $"{stream.Length - 8} bytes to the end of the file");
        var json = new byte[(int)length];
        stream.ReadExactly(json);
        return json;
    }

    private static TensorRange[] Parse(string file, byte[] json, long dataBytes)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Error(file, "a JSON object", document.RootElement.ValueKind.ToString());
            var names = new HashSet<string>(StringComparer.Ordinal);
            var tensors = new List<TensorRange>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw new CheckpointException(file, Subject(property.Name), "one entry in the header", "two");
                if (property.Name == "__metadata__")
                    CheckMetadata(file, property.Value);
                else
                    tensors.Add(ParseTensor(file, property.Name, property.Value, dataBytes));
            }
            return [.. tensors];
        }
        // InvalidOperationException: a string that is JSON but not Unicode (half a surrogate pair).
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(file, "header", "JSON", error.Message, error);
        }
    }

    private static void CheckMetadata(string file, JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Any(item => item.Value.ValueKind != JsonValueKind.String))
            throw new CheckpointException(file, "__metadata__", "an object of strings", CheckpointException.Excerpt(metadata.GetRawText()));
    }

    private static TensorRange ParseTensor(string file, string name, JsonElement json, long dataBytes)
    {
        var type = ParseType(file, name, Field(file, name, json, "dtype"));
        var shape = ParseNumbers(file, name, "shape", Field(file, name, json, "shape"));
        var offsets = ParseNumbers(file, name, "data_offsets", Field(file, name, json, "data_offsets"));
        if (offsets is not [var begin, var end] || begin > end)
            throw new CheckpointException(file, Subject(name), "data_offsets [begin, end] in this order", $"[{string.Join(", ", offsets)}]");
        if (end > dataBytes)
            throw new CheckpointException(file, Subject(name), $"data_offsets within the {dataBytes} bytes of data in the file", $"{begin}..{end}");
        var bytes = Bytes(file, name, type, shape);
        if (bytes != end - begin)
            throw new CheckpointException(file, Subject(name), $"{bytes} bytes ({type} [{string.Join(", ", shape)}])", $"{end - begin} (data_offsets {begin}..{end})");
        return new TensorRange(name, type, shape, begin, end);
    }

    private static JsonElement Field(string file, string name, JsonElement json, string key)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new CheckpointException(file, Subject(name), "an object with dtype, shape and data_offsets", CheckpointException.Excerpt(json.GetRawText()));
        var values = json.EnumerateObject().Where(property => property.NameEquals(key)).ToArray();
        return values is [var value]
            ? value.Value
            : throw new CheckpointException(file, Subject(name), $"one {key}", values.Length == 0 ? "none" : $"{values.Length}");
    }

    private static StoredType ParseType(string file, string name, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String && StoredTypes.TryParse(json.GetString()!, out var type))
            return type;
        throw new CheckpointException(file, Subject(name), "a dtype of the format (BF16, F16, F32, …)", CheckpointException.Excerpt(json.GetRawText()));
    }

    private static long[] ParseNumbers(string file, string name, string key, JsonElement json)
    {
        var numbers = new List<long>();
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
                    throw new CheckpointException(file, Subject(name), $"{key} of whole numbers below 2^63", CheckpointException.Excerpt(item.GetRawText()));
                numbers.Add(number);
            }
            return [.. numbers];
        }
        throw new CheckpointException(file, Subject(name), $"{key} as a list", CheckpointException.Excerpt(json.GetRawText()));
    }

    private static long Bytes(string file, string name, StoredType type, long[] shape)
    {
        try
        {
            return checked(shape.Aggregate(1L, (product, size) => product * size) * type.Bytes());
        }
        catch (OverflowException error)
        {
            throw new CheckpointException(file, Subject(name), "a shape of fewer than 2^63 bytes", $"{type} [{string.Join(", ", shape)}]", error);
        }
    }

    private static void CheckCoverage(string file, TensorRange[] tensors, long dataBytes)
    {
        var covered = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Begin != covered)
            {
                throw new CheckpointException(file, Subject(tensor.Name), $"data from byte {covered}, where the tensor before it ends",
                    $"{(tensor.Begin < covered ? "an overlap" : "a hole")}: data_offsets {tensor.Begin}..{tensor.End}");
            }
            covered = tensor.End;
        }
        if (covered != dataBytes)
            throw new CheckpointException(file, "data", $"{covered} bytes, where the last tensor ends", $"{dataBytes} bytes in the file");
    }

    private static string Subject(string name) => $"tensor {CheckpointException.Excerpt(name)}";

    private static CheckpointException Error(string file, string expected, string found) => new(file, "header", expected, found);
}
