using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>Repacks parts of a checkpoint into panels, in parallel, element by element from the file to its place: nothing is held twice.</summary>
internal sealed unsafe class MatrixLoader
{
    private readonly IReadOnlyList<MatrixPart> _parts;
    private readonly int[] _firstOutput;
    private readonly DType _storage;

    private MatrixLoader(IReadOnlyList<MatrixPart> parts, DType storage, int[] firstOutput, int outputs)
    {
        _parts = parts;
        _storage = storage;
        _firstOutput = firstOutput;
        Outputs = outputs;
        Inputs = parts[0].Inputs;
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public long Bytes => CpuMatrix.Panels(Outputs) * CpuMatrix.PanelBytes(Inputs, _storage);

    public static MatrixLoader For(IReadOnlyList<MatrixPart> parts, DType storage)
    {
        if (storage is not (DType.BF16 or DType.F32))
        {
            throw new ArgumentException($"weights are kept as BF16 or F32, not {storage}");
        }

        if (parts.Count == 0)
        {
            throw new ArgumentException("a matrix needs at least one part");
        }

        var firstOutput = new int[parts.Count];
        int outputs = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            MatrixPart part = parts[i];
            if (part.Outputs < 1 || part.Inputs < 1 || part.Inputs != parts[0].Inputs)
            {
                throw new ArgumentException(
                    $"{part.Name}: a part has outputs and the inputs of the others ({parts[0].Inputs}), found [{part.Outputs}, {part.Inputs}]");
            }

            long expected = (long)part.Outputs * part.Inputs * ElementReader.Bytes(part.DType, part.Name);
            if (part.Bytes.Length != expected)
            {
                throw new ArgumentException(
                    $"{part.Name}: {part.DType} [{part.Outputs}, {part.Inputs}] has {expected} bytes, found {part.Bytes.Length}");
            }

            firstOutput[i] = outputs;
            outputs = checked(outputs + part.Outputs);
        }

        return new MatrixLoader(parts, storage, firstOutput, outputs);
    }

    public void Load(NativeBlock block, int threads, CancellationToken cancellation)
    {
        long panelBytes = CpuMatrix.PanelBytes(Inputs, _storage);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, CpuMatrix.Panels(Outputs), options, panel => LoadPanel(block.Data + panel * panelBytes, panel * 16));
    }

    private void LoadPanel(byte* panel, int firstOutput)
    {
        new Span<byte>(panel, checked((int)CpuMatrix.PanelBytes(Inputs, _storage))).Clear();
        int part = 0;
        for (int lane = 0; lane < CpuMatrix.PanelOutputs && firstOutput + lane < Outputs; lane++)
        {
            int output = firstOutput + lane;
            while (part + 1 < _parts.Count && _firstOutput[part + 1] <= output)
            {
                part++;
            }

            LoadLane(panel, lane, _parts[part], output - _firstOutput[part]);
        }
    }

    private void LoadLane(byte* panel, int lane, MatrixPart part, int output)
    {
        bool outIn = part.Layout == MatrixLayout.OutIn;
        long first = outIn ? (long)output * Inputs : output;
        long step = outIn ? 1 : part.Outputs;
        var source = (void*)part.Bytes.Address;
        for (int k = 0; k < Inputs; k++)
        {
            float value = ElementReader.Read(source, part.DType, first + k * step);
            if (_storage == DType.BF16)
            {
                ((ushort*)panel)[(k / 2 * 16 + lane) * 2 + k % 2] = BFloat.Round(value);
            }
            else
            {
                ((float*)panel)[k * 16 + lane] = value;
            }
        }
    }
}
