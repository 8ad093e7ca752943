using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>Loads a row-major table, converting where the file has another type.</summary>
internal sealed unsafe class TableLoader
{
    private readonly HostBytes _bytes;
    private readonly DType _fileType;
    private readonly DType _type;
    private readonly int _rows;
    private readonly int _width;

    private TableLoader(HostBytes bytes, DType fileType, int rows, int width, DType type)
    {
        _bytes = bytes;
        _fileType = fileType;
        _rows = rows;
        _width = width;
        _type = type;
    }

    public static TableLoader For(HostBytes bytes, DType fileType, int rows, int width, DType type)
    {
        long expected = (long)rows * width * ElementReader.Bytes(fileType, "table");
        if (bytes.Length != expected)
        {
            throw new ArgumentException($"a table of {fileType} [{rows}, {width}] has {expected} bytes, found {bytes.Length}");
        }

        return type is DType.BF16 or DType.F32
            ? new TableLoader(bytes, fileType, rows, width, type)
            : throw new ArgumentException($"a table is kept as BF16 or F32, not {type}");
    }

    public void Load(NativeBlock block, int threads, CancellationToken cancellation)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, _rows, options, row => LoadRow(block.Data, (long)row * _width));
    }

    private void LoadRow(byte* table, long first)
    {
        var source = (byte*)_bytes.Address;
        if (_fileType == _type)
        {
            int size = _type.Bytes();
            Buffer.MemoryCopy(source + first * size, table + first * size, (long)_width * size, (long)_width * size);
            return;
        }

        for (long i = first; i < first + _width; i++)
        {
            float value = ElementReader.Read(source, _fileType, i);
            if (_type == DType.BF16)
            {
                ((ushort*)table)[i] = BFloat.Round(value);
            }
            else
            {
                ((float*)table)[i] = value;
            }
        }
    }
}
