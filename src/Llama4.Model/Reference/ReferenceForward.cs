namespace Llama4.Model;

/// <summary>
/// The whole text model in the plainest way: loops over float arrays, in fp32, with no device, no cache and no
/// batching. The oracle for everything else, so it shares no mathematics with the blocks that run on devices.
/// For models of a few million parameters: weights are held as floats, and each run computes every position.
/// <para>The semantics are those of transformers' modeling_llama4.py; sums are accumulated in double, so that the
/// result does not depend on how they are grouped.</para>
/// </summary>
public sealed class ReferenceForward(Checkpoint checkpoint)
{
    private readonly Llama4Config _config = checkpoint.Config;
    private readonly float[] _inverseFrequencies = checkpoint.Config.InverseFrequencies();
    private readonly Dictionary<string, float[]> _weights =
        ParameterTable.Text(checkpoint.Config).ToDictionary(parameter => parameter.Name, parameter => checkpoint[parameter.Name].ReadFloats());

    /// <summary>Runs a prompt from position 0.</summary>
    /// <param name="ids">Token ids, each in 0..vocab-1.</param>
    public ReferenceOutput Run(IReadOnlyList<int> ids)
    {
        var hidden = ids.Select(id => Row(_weights[TensorNames.Embedding], id, _config.HiddenSize)).ToArray();
        var layers = new List<ReferenceLayerOutput>();
        foreach (var layer in _config.Layers)
        {
            var attended = Each(hidden, row => Norm(row, _weights[TensorNames.InputNorm(layer.Index)]));
            var residual = Sum(hidden, Attention(layer, attended));
            var normed = Each(residual, row => Norm(row, _weights[TensorNames.PostAttentionNorm(layer.Index)]));
            if (layer.IsMoe)
            {
                var routerLogits = Each(normed, row => Linear(row, _weights[TensorNames.Router(layer.Index)]));
                var experts = Array.ConvertAll(routerLogits, ArgMax);
                hidden = Sum(residual, normed.Select((row, token) => Moe(layer.Index, row, routerLogits[token], experts[token])).ToArray());
                layers.Add(new ReferenceLayerOutput(residual, hidden, routerLogits, experts));
            }
            else
            {
                hidden = Sum(residual, Each(normed, row => Dense(layer.Index, row)));
                layers.Add(new ReferenceLayerOutput(residual, hidden, null, null));
            }
        }
        var final = Each(hidden, row => Norm(row, _weights[TensorNames.FinalNorm]));
        var output = _weights[_config.TiesEmbeddings ? TensorNames.Embedding : TensorNames.Output];
        return new ReferenceOutput(Each(final, row => Linear(row, output)), final, layers);
    }

    // ---- attention ----

    private float[][] Attention(LayerPlan layer, float[][] x)
    {
        var queries = x.Select((row, position) => Query(layer, row, position)).ToArray();
        var keys = x.Select((row, position) => Key(layer, row, position)).ToArray();
        var values = Each(x, row => Linear(row, _weights[TensorNames.Projection(layer.Index, 'v')]));
        return [.. queries.Select((query, position) => Linear(Attend(layer, query, keys, values, position), _weights[TensorNames.Projection(layer.Index, 'o')]))];
    }

    private float[] Query(LayerPlan layer, float[] row, int position)
    {
        var query = RotateAndNorm(layer, Linear(row, _weights[TensorNames.Projection(layer.Index, 'q')]), position);
        if (layer.UsesTemperature)
        {
            // s(p): nothing below floor_scale, then slowly sharper. Queries only.
            var scale = (float)(Math.Log(((position + 1) / _config.FloorScale) + 1) * _config.AttentionScale + 1);
            for (var c = 0; c < query.Length; c++)
                query[c] *= scale;
        }
        return query;
    }

    private float[] Key(LayerPlan layer, float[] row, int position) =>
        RotateAndNorm(layer, Linear(row, _weights[TensorNames.Projection(layer.Index, 'k')]), position);

    private float[] RotateAndNorm(LayerPlan layer, float[] heads, int position)
    {
        for (var start = 0; start < heads.Length; start += _config.HeadDim)
        {
            var head = heads.AsSpan(start, _config.HeadDim);
            if (layer.UsesRope)
                Rotate(head, position);
            if (layer.UsesQkNorm)
                Norm(head);
        }
        return heads;
    }

    /// <summary>Rotates pairs (2i, 2i+1); the angle is the float32 product, as in the reference, also where it has lost phase.</summary>
    private void Rotate(Span<float> head, int position)
    {
        for (var i = 0; i < _inverseFrequencies.Length; i++)
        {
            var angle = position * _inverseFrequencies[i];
            float cos = (float)Math.Cos(angle), sin = (float)Math.Sin(angle);
            float a = head[2 * i], b = head[2 * i + 1];
            head[2 * i] = (a * cos) - (b * sin);
            head[2 * i + 1] = (a * sin) + (b * cos);
        }
    }

    private float[] Attend(LayerPlan layer, float[] query, float[][] keys, float[][] values, int position)
    {
        var result = new float[query.Length];
        var first = layer.Mask == AttentionMask.Chunked ? position / _config.AttentionChunk!.Value * _config.AttentionChunk.Value : 0;
        for (var head = 0; head < _config.Heads; head++)
        {
            var start = head * _config.HeadDim;
            var keyStart = head / (_config.Heads / _config.KvHeads) * _config.HeadDim;
            var scores = new double[position + 1 - first];
            for (var j = 0; j < scores.Length; j++)
                scores[j] = Dot(query.AsSpan(start, _config.HeadDim), keys[first + j].AsSpan(keyStart, _config.HeadDim)) / Math.Sqrt(_config.HeadDim);
            var greatest = scores.Max();
            var weights = Array.ConvertAll(scores, score => Math.Exp(score - greatest));
            var sum = weights.Sum();
            for (var c = 0; c < _config.HeadDim; c++)
            {
                var total = 0.0;
                for (var j = 0; j < weights.Length; j++)
                    total += weights[j] / sum * values[first + j][keyStart + c];
                result[start + c] = (float)total;
            }
        }
        return result;
    }

    // ---- feed-forward ----

    /// <summary>The score multiplies the expert's INPUT (meta llama4/moe.py); the shared expert sees the row as it is.</summary>
    private float[] Moe(int layer, float[] row, float[] logits, int expert)
    {
        var score = (float)(1 / (1 + Math.Exp(-logits[expert])));
        var scaled = Array.ConvertAll(row, value => value * score);
        int width = _config.ExpertWidth, hidden = _config.HiddenSize;

        var gateUp = LinearInOut(scaled, _weights[TensorNames.ExpertsGateUp(layer)].AsSpan(expert * hidden * 2 * width, hidden * 2 * width));
        var routed = LinearInOut(SwiGlu(gateUp[..width], gateUp[width..]), _weights[TensorNames.ExpertsDown(layer)].AsSpan(expert * width * hidden, width * hidden));
        var shared = FeedForward(row, which => TensorNames.Shared(layer, which));
        return Sum(shared, routed);
    }

    private float[] Dense(int layer, float[] row) => FeedForward(row, which => TensorNames.Dense(layer, which));

    private float[] FeedForward(float[] row, Func<string, string> name) =>
        Linear(SwiGlu(Linear(row, _weights[name("gate")]), Linear(row, _weights[name("up")])), _weights[name("down")]);

    private static float[] SwiGlu(float[] gate, float[] up) =>
        [.. gate.Zip(up, (g, u) => (float)(g / (1 + Math.Exp(-g)) * u))];

    // ---- arithmetic ----

    private float[] Norm(float[] row, float[] weight)
    {
        var result = (float[])row.Clone();
        Norm(result);
        for (var c = 0; c < result.Length; c++)
            result[c] *= weight[c];
        return result;
    }

    private void Norm(Span<float> values)
    {
        var scale = (float)(1 / Math.Sqrt(Dot(values, values) / values.Length + _config.NormEpsilon));
        for (var c = 0; c < values.Length; c++)
            values[c] *= scale;
    }

    /// <summary>y = W·x with W [outputs, inputs].</summary>
    private static float[] Linear(float[] x, float[] weight)
    {
        var y = new float[weight.Length / x.Length];
        for (var o = 0; o < y.Length; o++)
            y[o] = (float)Dot(x, weight.AsSpan(o * x.Length, x.Length));
        return y;
    }

    /// <summary>y = x·W with W [inputs, outputs], as the fused experts are stored.</summary>
    private static float[] LinearInOut(float[] x, ReadOnlySpan<float> weight)
    {
        var sums = new double[weight.Length / x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            for (var o = 0; o < sums.Length; o++)
                sums[o] += (double)x[i] * weight[i * sums.Length + o];
        }
        return Array.ConvertAll(sums, sum => (float)sum);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>The lowest index among equals.</summary>
    private static int ArgMax(float[] values) => Array.IndexOf(values, values.Max());

    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static float[][] Sum(float[][] a, float[][] b) => [.. a.Zip(b, Sum)];

    private static float[][] Each(float[][] rows, Func<float[], float[]> f) => Array.ConvertAll(rows, row => f(row));

    private static float[] Row(float[] table, int row, int width) => table.AsSpan(row * width, width).ToArray();
}
