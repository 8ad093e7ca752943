using Llama4.Compute.Cpu;

namespace Llama4.Compute;

/// <content>The operations: check shapes, then one command each.</content>
public sealed partial class CpuDevice
{
    public void GatherRows(Tensor x, Tensor indexes, Tensor y)
    {
        RequireRowCopy(x, y);
        Shapes.Require(indexes, DType.I32, y.Rows, 1, "indexes of GatherRows");
        Enqueue(Operation.GatherRows, x, indexes, y);
    }

    public void ScatterRows(Tensor x, Tensor indexes, Tensor y)
    {
        RequireRowCopy(x, y);
        Shapes.Require(indexes, DType.I32, x.Rows, 1, "indexes of ScatterRows");
        Enqueue(Operation.ScatterRows, x, indexes, y);
    }

    public void RmsNorm(Tensor x, Tensor weight, float eps, Tensor y)
    {
        Shapes.RequireFloats(x, -1, -1, "x of RmsNorm");
        Shapes.RequireFloats(weight, 1, x.Width, "weight of RmsNorm");
        Shapes.RequireFloats(y, x.Rows, x.Width, "y of RmsNorm");
        Enqueue(Operation.RmsNorm, x, weight, y, float0: eps);
    }

    public void LayerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y)
    {
        Shapes.RequireFloats(x, -1, -1, "x of LayerNorm");
        Shapes.RequireFloats(weight, 1, x.Width, "weight of LayerNorm");
        Shapes.RequireFloats(bias, 1, x.Width, "bias of LayerNorm");
        Shapes.RequireFloats(y, x.Rows, x.Width, "y of LayerNorm");
        Enqueue(Operation.LayerNorm, x, weight, bias, y, float0: eps);
    }

    public void MatMul(Tensor x, Matrix w, Tensor y)
    {
        CpuMatrix matrix = Resolve(w);
        Shapes.RequireFloats(x, -1, w.Inputs, "x of MatMul");
        Shapes.RequireFloats(y, x.Rows, w.Outputs, "y of MatMul");
        Enqueue(Operation.MatMul, x, y, item: matrix);
    }

    public void Add(Tensor a, Tensor b, Tensor y)
    {
        Shapes.RequireFloats(a, -1, -1, "a of Add");
        Shapes.RequireFloats(b, a.Rows, a.Width, "b of Add");
        Shapes.RequireFloats(y, a.Rows, a.Width, "y of Add");
        Enqueue(Operation.Add, a, b, y);
    }

    public void AddRow(Tensor x, Tensor row, Tensor y)
    {
        Shapes.RequireFloats(x, -1, -1, "x of AddRow");
        Shapes.RequireFloats(row, 1, x.Width, "row of AddRow");
        Shapes.RequireFloats(y, x.Rows, x.Width, "y of AddRow");
        Enqueue(Operation.AddRow, x, row, y);
    }

    public void SwiGlu(Tensor gateUp, Tensor y)
    {
        Shapes.RequireFloats(y, -1, -1, "y of SwiGlu");
        Shapes.RequireFloats(gateUp, y.Rows, checked(y.Width * 2), "gateUp of SwiGlu");
        Enqueue(Operation.SwiGlu, gateUp, y);
    }

    public void Gelu(Tensor x, Tensor y)
    {
        Shapes.RequireFloats(x, -1, -1, "x of Gelu");
        Shapes.RequireFloats(y, x.Rows, x.Width, "y of Gelu");
        Enqueue(Operation.Gelu, x, y);
    }

    public void RopeAngles(Tensor positions, Tensor inverseFrequencies, Tensor angles)
    {
        Shapes.Require(positions, DType.I32, -1, 1, "positions of RopeAngles");
        Shapes.Require(inverseFrequencies, DType.F32, 1, -1, "inverseFrequencies of RopeAngles");
        Shapes.Require(angles, DType.F32, positions.Rows, inverseFrequencies.Width * 2, "angles of RopeAngles");
        Enqueue(Operation.RopeAngles, positions, inverseFrequencies, angles);
    }

    public void Rope(Tensor x, int firstColumn, int heads, int headDim, Tensor angles)
    {
        Shapes.RequireFloats(x, -1, -1, "x of Rope");
        Shapes.RequireColumns(x, firstColumn, (long)heads * headDim);
        Shapes.Require(angles, DType.F32, x.Rows, headDim, "angles of Rope");
        Enqueue(Operation.Rope, x, angles, int0: firstColumn, int1: heads, int2: headDim);
    }

    public void HeadNorm(Tensor x, int firstColumn, int heads, int headDim, float eps)
    {
        Shapes.RequireFloats(x, -1, -1, "x of HeadNorm");
        Shapes.RequireColumns(x, firstColumn, (long)heads * headDim);
        Enqueue(Operation.HeadNorm, x, int0: firstColumn, int1: heads, int2: headDim, float0: eps);
    }

    public void TemperatureScales(Tensor positions, float floorScale, float attnScale, Tensor scales)
    {
        Shapes.Require(positions, DType.I32, -1, 1, "positions of TemperatureScales");
        Shapes.Require(scales, DType.F32, positions.Rows, 1, "scales of TemperatureScales");
        Enqueue(Operation.TemperatureScales, positions, scales, float0: floorScale, float1: attnScale);
    }

    public void ScaleRows(Tensor x, int firstColumn, int columns, Tensor scales, Tensor y)
    {
        Shapes.RequireFloats(x, -1, -1, "x of ScaleRows");
        Shapes.RequireColumns(x, firstColumn, columns);
        Shapes.RequireFloats(scales, x.Rows, 1, "scales of ScaleRows");
        Shapes.RequireFloats(y, x.Rows, x.Width, "y of ScaleRows");
        Enqueue(Operation.ScaleRows, x, scales, y, int0: firstColumn, int1: columns);
    }

    public void WriteKv(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables)
    {
        CpuKvCache own = RequireAttention(qkv, shape, cache, rows, blockTables);
        Enqueue(Operation.WriteKv, qkv, rows, blockTables, item: own, shape: shape);
    }

    public void Attention(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables, Tensor y)
    {
        CpuKvCache own = RequireAttention(qkv, shape, cache, rows, blockTables);
        Shapes.RequireFloats(y, qkv.Rows, shape.QueryWidth, "y of Attention");
        Enqueue(Operation.Attention, qkv, rows, blockTables, y, item: own, shape: shape);
    }

    public void RouteTopOne(Tensor logits, Tensor experts, Tensor scores)
    {
        Shapes.Require(logits, DType.F32, -1, -1, "logits of RouteTopOne");
        Shapes.Require(experts, DType.I32, logits.Rows, 1, "experts of RouteTopOne");
        Shapes.RequireFloats(scores, logits.Rows, 1, "scores of RouteTopOne");
        Enqueue(Operation.RouteTopOne, logits, experts, scores);
    }

    public void GroupRows(Tensor experts, int firstExpert, int count, Tensor order, Tensor offsets)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstExpert);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Shapes.Require(experts, DType.I32, -1, 1, "experts of GroupRows");
        Shapes.Require(order, DType.I32, experts.Rows, 1, "order of GroupRows");
        Shapes.Require(offsets, DType.I32, 1, count + 1, "offsets of GroupRows");
        Enqueue(Operation.GroupRows, experts, order, offsets, int0: firstExpert, int1: count);
    }

    public void GroupedMatMul(Tensor x, IReadOnlyList<Matrix> experts, Tensor order, Tensor offsets, bool gather, bool scatter, Tensor y)
    {
        if (experts.Count == 0)
        {
            throw new ArgumentException("GroupedMatMul needs at least one expert");
        }

        for (int i = 0; i < experts.Count; i++)
        {
            CpuMatrix matrix = Resolve(experts[i]);
            Shapes.RequireSame(experts[0].Inputs, matrix.Inputs, "inputs of the experts");
            Shapes.RequireSame(experts[0].Outputs, matrix.Outputs, "outputs of the experts");
            Shapes.RequireSame(experts[0].Storage, matrix.Storage, "storage of the experts");
        }

        Shapes.RequireFloats(x, -1, experts[0].Inputs, "x of GroupedMatMul");
        Shapes.RequireFloats(y, -1, experts[0].Outputs, "y of GroupedMatMul");
        Shapes.Require(order, DType.I32, -1, 1, "order of GroupedMatMul");
        Shapes.Require(offsets, DType.I32, 1, experts.Count + 1, "offsets of GroupedMatMul");
        Enqueue(Operation.GroupedMatMul, x, order, offsets, y, item: experts, int0: gather ? 1 : 0, int1: scatter ? 1 : 0);
    }

    public void ArgMax(Tensor logits, Tensor ids)
    {
        Shapes.Require(logits, DType.F32, -1, -1, "logits of ArgMax");
        Shapes.Require(ids, DType.I32, logits.Rows, 1, "ids of ArgMax");
        Enqueue(Operation.ArgMax, logits, ids);
    }

    private static void RequireRowCopy(Tensor x, Tensor y)
    {
        Shapes.RequireSame(x.Width, y.Width, "widths of a row copy");
        if (x.DType != y.DType && (x.DType == DType.I32 || y.DType == DType.I32))
        {
            throw new ArgumentException($"rows of {x} cannot become rows of {y}");
        }
    }

    private CpuKvCache RequireAttention(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables)
    {
        CpuKvCache own = Resolve(cache);
        if (shape.KvHeads != cache.Shape.Heads || shape.HeadDim != cache.Shape.HeadDim || shape.Heads % shape.KvHeads != 0)
        {
            throw new ArgumentException($"attention of {shape} does not fit a cache of {cache.Shape}");
        }

        Shapes.Require(qkv, cache.Shape.DType, -1, shape.FusedWidth, "qkv");
        Shapes.Require(rows, DType.I32, qkv.Rows, 2, "rows of attention");
        Shapes.Require(blockTables, DType.I32, -1, -1, "blockTables");
        return own;
    }

    private CpuKvCache Resolve(KvCache cache)
    {
        if (cache is not CpuKvCache own || own.Device != this)
        {
            throw new ArgumentException("the KV cache is not one of this device");
        }

        ObjectDisposedException.ThrowIf(own.IsDisposed, cache);
        return own;
    }

    private CpuMatrix Resolve(Matrix matrix)
    {
        if (matrix is not CpuMatrix own || own.Device != this)
        {
            throw new ArgumentException($"{matrix} is not a matrix of this device");
        }

        ObjectDisposedException.ThrowIf(own.IsDisposed, matrix);
        return own;
    }

    private void Enqueue(
        Operation operation, Tensor a, Tensor? b = null, Tensor? c = null, Tensor? d = null,
        object? item = null, AttentionShape shape = default,
        int int0 = 0, int int1 = 0, int int2 = 0, float float0 = 0, float float1 = 0)
    {
        lock (_gate)
        {
            ref Command command = ref Begin(operation);
            command.A = Use(a);
            command.B = b is null ? default : Use(b);
            command.C = c is null ? default : Use(c);
            command.D = d is null ? default : Use(d);
            command.Object = item;
            command.Shape = shape;
            command.Int0 = int0;
            command.Int1 = int1;
            command.Int2 = int2;
            command.Float0 = float0;
            command.Float1 = float1;
            _queue.Publish();
        }
    }
}
