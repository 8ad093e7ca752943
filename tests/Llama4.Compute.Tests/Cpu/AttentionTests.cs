namespace Llama4.Compute.Tests.Cpu;

public class AttentionTests
{
    [Theory]
    [InlineData(DType.F32, 4, 2, 16, 300, 0)]
    [InlineData(DType.F32, 1, 1, 2, 33, 0)]
    [InlineData(DType.BF16, 5, 1, 24, 161, 100)]
    [InlineData(DType.BF16, 16, 4, 128, 200, 190)]
    public async Task Attention_InOnePieceChunksOrDecode_IsSoftmaxAndTheSameBits(
        DType type, int heads, int kvHeads, int headDim, int tokens, int chunk)
    {
        var shape = new AttentionShape(heads, kvHeads, headDim, 1f / MathF.Sqrt(headDim));
        var random = new Random(heads * 7 + tokens);
        var qkv = new float[tokens * shape.FusedWidth];
        for (int i = 0; i < qkv.Length; i++)
        {
            float value = (float)(random.NextDouble() * 4 - 2);
            qkv[i] = type == DType.BF16 ? Bf16.RoundTrip(value) : value;
        }

        float[] whole = await Run(shape, type, qkv, tokens, [tokens], threads: 2);
        double[] expected = Reference(shape, qkv, tokens);
        for (int i = 0; i < whole.Length; i++)
        {
            Math.Abs(whole[i] - expected[i]).ShouldBeLessThan(type == DType.BF16 ? 8e-3 : 2e-6, $"element {i}");
        }

        int[] pieces = chunk == 0 ? [.. Enumerable.Repeat(1, tokens)] : [chunk, tokens - chunk - 1, 1];
        float[] inPieces = await Run(shape, type, qkv, tokens, pieces, threads: 1);
        inPieces.ShouldBe(whole);
    }

    private static async Task<float[]> Run(AttentionShape shape, DType type, float[] qkv, int tokens, int[] pieces, int threads)
    {
        await using IDevice device = CpuDevice.Create(threads);
        int blocks = (tokens + 31) / 32;
        using KvCache cache = device.AllocateKv(new KvShape(blocks + 3, shape.KvHeads, shape.HeadDim, type));
        using Tensor tables = device.Integers([.. Enumerable.Range(0, blocks).Select(b => blocks + 2 - b)], 1);
        var result = new List<float>();
        int first = 0;
        foreach (int piece in pieces)
        {
            float[] part = qkv[(first * shape.FusedWidth)..((first + piece) * shape.FusedWidth)];
            using Tensor x = device.Floats(part, piece, type);
            using Tensor rows = device.Integers([.. Enumerable.Range(first, piece).SelectMany(p => new[] { 0, p })], piece);
            using Tensor y = device.Rent(type, piece, shape.QueryWidth);
            device.WriteKv(x, shape, cache, rows, tables);
            device.Attention(x, shape, cache, rows, tables, y);
            result.AddRange(await device.ReadFloats(y));
            first += piece;
        }

        return [.. result];
    }

    private static double[] Reference(AttentionShape shape, float[] qkv, int tokens)
    {
        int width = shape.FusedWidth;
        int dim = shape.HeadDim;
        var y = new double[tokens * shape.QueryWidth];
        for (int t = 0; t < tokens; t++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                int kv = head / (shape.Heads / shape.KvHeads);
                var weights = new double[t + 1];
                for (int k = 0; k <= t; k++)
                {
                    double dot = 0;
                    for (int i = 0; i < dim; i++)
                    {
                        dot += (double)qkv[t * width + head * dim + i] * qkv[k * width + shape.KeyOffset + kv * dim + i];
                    }

                    weights[k] = dot * shape.Scale;
                }

                double greatest = weights.Max();
                double sum = weights.Sum(w => Math.Exp(w - greatest));
                for (int k = 0; k <= t; k++)
                {
                    double weight = Math.Exp(weights[k] - greatest) / sum;
                    for (int i = 0; i < dim; i++)
                    {
                        y[t * shape.QueryWidth + head * dim + i] += weight * qkv[k * width + shape.ValueOffset + kv * dim + i];
                    }
                }
            }
        }

        return y;
    }
}
