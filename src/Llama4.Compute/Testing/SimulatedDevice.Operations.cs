using Llama4.Compute.Cpu;

namespace Llama4.Compute.Testing;

public sealed partial class SimulatedDevice
{
    public void CopyRows(Tensor source, int sourceRow, Tensor destination, int destinationRow, int rows)
    {
        Shapes.RequireRows(source, sourceRow, rows);
        Shapes.RequireRows(destination, destinationRow, rows);
        Move(Own(source), rows, source.Width * source.DType.Bytes() * 2);
    }

    public void GatherRows(Tensor x, Tensor indexes, Tensor y)
    {
        Shapes.Require(indexes, DType.I32, y.Rows, 1, nameof(indexes));
        Shapes.RequireSame(x.Width, y.Width, "widths of x and y");
        Move(Own(x), y.Rows, y.Width * (x.DType.Bytes() + y.DType.Bytes()));
    }

    public void ScatterRows(Tensor x, Tensor indexes, Tensor y)
    {
        Shapes.Require(indexes, DType.I32, x.Rows, 1, nameof(indexes));
        Shapes.RequireSame(x.Width, y.Width, "widths of x and y");
        Move(Own(x), x.Rows, x.Width * (x.DType.Bytes() + y.DType.Bytes()));
    }

    public void RmsNorm(Tensor x, Tensor weight, float eps, Tensor y) => Small(Own(x), y, operands: 2);

    public void LayerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y) => Small(Own(x), y, operands: 2);

    public void MatMul(Tensor x, Matrix w, Tensor y)
    {
        Shapes.RequireFloats(x, -1, w.Inputs, nameof(x));
        Shapes.RequireFloats(y, x.Rows, w.Outputs, nameof(y));
        Own(x);
        Enqueue(new SimulatedOperation(SimulatedKind.MatMul, x.Rows, w.Bytes + x.Bytes + y.Bytes, 2.0 * x.Rows * w.Inputs * w.Outputs));
    }

    public void Add(Tensor a, Tensor b, Tensor y) => Small(Own(a), y, operands: 3);

    public void AddRow(Tensor x, Tensor row, Tensor y) => Small(Own(x), y, operands: 1);

    public void SwiGlu(Tensor gateUp, Tensor y) => Small(Own(gateUp), y, operands: 3);

    public void Gelu(Tensor x, Tensor y) => Small(Own(x), y, operands: 1);

    public void RopeAngles(Tensor positions, Tensor inverseFrequencies, Tensor angles) => Small(Own(positions), angles, operands: 1);

    public void Rope(Tensor x, int firstColumn, int heads, int headDim, Tensor angles) => Small(Own(x), x, operands: 2);

    public void HeadNorm(Tensor x, int firstColumn, int heads, int headDim, float eps) => Small(Own(x), x, operands: 2);

    public void TemperatureScales(Tensor positions, float floorScale, float attnScale, Tensor scales) => Small(Own(positions), scales, operands: 1);

    public void ScaleRows(Tensor x, int firstColumn, int columns, Tensor scales, Tensor y)
    {
        Shapes.RequireColumns(x, firstColumn, columns);
        Small(Own(x), y, operands: 2);
    }

    public void WriteKv(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables) => Small(Own(qkv), qkv, operands: 1);

    public void Attention(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables, Tensor y)
    {
        Shapes.Require(rows, DType.I32, qkv.Rows, 2, nameof(rows));
        ReadOnlySpan<int> places = Own(rows).Numbers;
        double keys = 0;
        for (int row = 0; row < rows.Rows && !places.IsEmpty; row++)
        {
            keys += places[(2 * row) + 1] + 1;
        }

        double elements = keys * 2 * shape.KvHeads * shape.HeadDim;
        Own(qkv);
        Enqueue(new SimulatedOperation(
            SimulatedKind.Attention, qkv.Rows, qkv.Bytes + y.Bytes + (elements * cache.Shape.DType.Bytes()), 2 * keys * 2 * shape.Heads * shape.HeadDim));
    }

    public void RouteTopOne(Tensor logits, Tensor experts, Tensor scores)
    {
        Shapes.Require(experts, DType.I32, logits.Rows, 1, nameof(experts));
        long first = Interlocked.Add(ref _routed, logits.Rows) - logits.Rows;
        Span<int> chosen = Own(experts).Renumber();
        for (int row = 0; row < chosen.Length; row++)
        {
            double turn = (first + row) * GoldenFraction;
            chosen[row] = (int)((turn - Math.Floor(turn)) * logits.Width);
        }

        Small(Own(logits), experts, operands: 1);
    }

    public void GroupRows(Tensor experts, int firstExpert, int count, Tensor order, Tensor offsets)
    {
        Shapes.Require(offsets, DType.I32, 1, count + 1, nameof(offsets));
        ReadOnlySpan<int> chosen = Own(experts).Numbers;
        Span<int> ends = Own(offsets).Renumber();
        ends.Clear();
        foreach (int expert in chosen)
        {
            if (expert >= firstExpert && expert < firstExpert + count)
            {
                ends[expert - firstExpert + 1]++;
            }
        }

        for (int i = 1; i < ends.Length; i++)
        {
            ends[i] += ends[i - 1];
        }

        Small(Own(experts), order, operands: 1);
    }

    public void GroupedMatMul(Tensor x, IReadOnlyList<Matrix> experts, Tensor order, Tensor offsets, bool gather, bool scatter, Tensor y)
    {
        Shapes.Require(offsets, DType.I32, 1, experts.Count + 1, nameof(offsets));
        ReadOnlySpan<int> ends = Own(offsets).Numbers;
        double weights = 0;
        for (int e = 0; e < experts.Count; e++)
        {
            weights += ends[e + 1] > ends[e] ? experts[e].Bytes : 0;
        }

        int rows = ends[^1];
        Own(x);
        Enqueue(new SimulatedOperation(
            gather ? SimulatedKind.ExpertsIn : SimulatedKind.ExpertsOut,
            rows,
            weights + ((double)rows * ((x.Width * x.DType.Bytes()) + (y.Width * y.DType.Bytes()))),
            2.0 * rows * experts[0].Inputs * experts[0].Outputs));
    }

    public void ArgMax(Tensor logits, Tensor ids)
    {
        Shapes.Require(ids, DType.I32, logits.Rows, 1, nameof(ids));
        Own(ids).Renumber().Clear();
        Small(Own(logits), ids, operands: 1);
    }

    private void Move(SimulatedTensor source, int rows, int rowBytes) =>
        Enqueue(new SimulatedOperation(SimulatedKind.Other, rows, (double)rows * rowBytes, 0));

    /// <param name="y">Sets the size of what is read and written.</param>
    /// <param name="operands">Arrays of the size of y that are read or written beside x.</param>
    private void Small(SimulatedTensor x, Tensor y, int operands) =>
        Enqueue(new SimulatedOperation(SimulatedKind.Other, x.Rows, x.Bytes + ((double)operands * y.Bytes), 0));
}
