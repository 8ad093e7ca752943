namespace Llama4.Compute;

/// <summary>
/// One device and its single queue. Every operation below is <b>enqueued</b>: the call returns before the
/// work is done, work runs in the order of the calls, and results are awaited with
/// <see cref="DownloadAsync"/>. Nothing may be read, and no host buffer reused, on the assumption that work
/// already ran; host spans given to <see cref="Upload{T}"/> are copied before the call returns.
/// <para>Mathematics: operations on F32 tensors do not round; operations whose result is BF16 compute in
/// fp32 and round the result once (to nearest even), which is R(x) of the model's definition. Every output
/// element is reduced in an order that depends on neither the number of rows nor the number of threads.</para>
/// <para>Shapes are checked at the call: a mismatch is a broken invariant and throws
/// <see cref="ArgumentException"/> with the numbers. A failure on the device is thrown by every later await.</para>
/// <para>Thread safety: calls may come from any thread; concurrent callers are serialised in some order.</para>
/// </summary>
public interface IDevice : IAsyncDisposable
{
    DeviceDescription Description { get; }

    // ---- memory ----

    /// <summary>A tensor with unspecified contents, from the device's pool. Allocates only while the pool warms up.</summary>
    Tensor Rent(DType type, int rows, int width);

    /// <summary>A view of rows first..first+rows of <paramref name="source"/>. Dispose it before or after the source, as its own handle.</summary>
    Tensor View(Tensor source, int firstRow, int rows);

    /// <summary>A view of all elements of <paramref name="source"/>, row after row, with other extents: rows·width as many. Dispose it before or after the source, as its own handle.</summary>
    Tensor Reshape(Tensor source, int rows, int width);

    KvCache AllocateKv(KvShape shape);

    /// <summary>Loads and repacks a weight matrix; completes when the parts' host bytes may be unmapped.</summary>
    /// <param name="parts">Stacked along the outputs, in order.</param>
    /// <param name="storage">BF16 (other types are rounded), or F32 (exact).</param>
    ValueTask<Matrix> LoadMatrixAsync(IReadOnlyList<MatrixPart> parts, DType storage, CancellationToken cancellation = default);

    /// <summary>Loads a row-major table [rows, width] (embeddings; norm weights with rows = 1) as a tensor that lives until disposed.</summary>
    /// <param name="type">BF16 (other types are rounded), or F32 (exact).</param>
    ValueTask<Tensor> LoadTableAsync(HostBytes bytes, DType fileType, int rows, int width, DType type, CancellationToken cancellation = default);

    // ---- transfers ----

    /// <summary>Host to device. <paramref name="values"/> are the raw elements of the destination's type (int, float, or ushort for BF16); copied before returning.</summary>
    void Upload<T>(ReadOnlySpan<T> values, Tensor destination) where T : unmanaged;

    /// <summary>Device to host: completes when <paramref name="destination"/> holds the raw elements (source.Bytes bytes). The source may be disposed once this call has returned.</summary>
    ValueTask DownloadAsync(Tensor source, Memory<byte> destination, CancellationToken cancellation = default);

    /// <summary>
    /// Whole KV blocks, device to host, raw: completes when <paramref name="destination"/> holds them one behind the other. How a block is laid out
    /// is the affair of the kind of device (<see cref="DeviceDescription.Kind"/>); it means the same on every device of that kind. The CPU's is told at its cache.
    /// </summary>
    /// <param name="blocks">Block numbers; read before the call returns.</param>
    /// <param name="destination">[blocks, cache.BlockBytes].</param>
    ValueTask DownloadBlocksAsync(KvCache cache, ReadOnlySpan<int> blocks, Memory<byte> destination, CancellationToken cancellation = default);

    /// <summary>Whole KV blocks, host to device, as <see cref="DownloadBlocksAsync"/> of a device of the same kind gave them; copied before returning.</summary>
    /// <param name="values">[blocks, cache.BlockBytes].</param>
    /// <param name="blocks">Block numbers.</param>
    void UploadBlocks(ReadOnlySpan<byte> values, KvCache cache, ReadOnlySpan<int> blocks);

    /// <summary>Completes when all work enqueued so far is done.</summary>
    ValueTask SynchronizeAsync(CancellationToken cancellation = default);

    /// <summary>Copies rows sourceRow.. to destinationRow.. (same type and width).</summary>
    void CopyRows(Tensor source, int sourceRow, Tensor destination, int destinationRow, int rows);

    /// <summary>
    /// y[row] = the moment at which the queue comes to this call, as a 64-bit count of nanoseconds of the device's own clock, its lower half first. Moments of one device
    /// compare; where its clock begins is its affair.
    /// </summary>
    /// <param name="y">[rows, 2] I32; other rows stay.</param>
    void Stamp(Tensor y, int row);

    // ---- operations ----

    /// <summary>y[i] = x[indexes[i]]. Embedding look-up; selecting rows. x and y have the same type, or x is a table and y the activations' type (rounded or widened).</summary>
    /// <param name="indexes">[y.Rows, 1] I32.</param>
    void GatherRows(Tensor x, Tensor indexes, Tensor y);

    /// <summary>y[indexes[i]] = x[i] for i &lt; x.Rows; other rows of y stay.</summary>
    void ScatterRows(Tensor x, Tensor indexes, Tensor y);

    /// <summary>y = R(R(x·rsqrt(mean(x²)+eps))·w): the cast comes before the weight (transformers modeling_llama4.py, Llama4TextRMSNorm).</summary>
    /// <param name="weight">[1, width].</param>
    void RmsNorm(Tensor x, Tensor weight, float eps, Tensor y);

    /// <summary>y = R((x - mean(x))·rsqrt(mean((x - mean(x))²)+eps)·w + b): rounded once (torch's LayerNorm); y may be x.</summary>
    /// <param name="weight">[1, width].</param>
    /// <param name="bias">[1, width].</param>
    void LayerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y);

    /// <summary>y = R(x·Wᵀ). x: [rows, inputs], y: [rows, outputs]; y may be F32 while x is BF16 (logits, router).</summary>
    void MatMul(Tensor x, Matrix w, Tensor y);

    /// <summary>y = R(a + b); y may be a or b.</summary>
    void Add(Tensor a, Tensor b, Tensor y);

    /// <summary>
    /// y[r] = R(x[r] + row); y may be x. A bias: with the product in F32 and y in BF16 it is rounded once with its bias, as in the reference's addmm.
    /// </summary>
    /// <param name="row">[1, width].</param>
    void AddRow(Tensor x, Tensor row, Tensor y);

    /// <summary>y = R(R(silu(gate))·up). gateUp: [rows, 2·width] gate first; y: [rows, width].</summary>
    void SwiGlu(Tensor gateUp, Tensor y);

    /// <summary>y = R(x·Φ(x)), Φ the normal distribution: the exact GELU, not the one by tanh. y may be x.</summary>
    void Gelu(Tensor x, Tensor y);

    /// <summary>angles[r] = (cos, sin) pairs of the fp32 product positions[r]·inverseFrequencies[i].</summary>
    /// <param name="positions">[rows, 1] I32, absolute.</param>
    /// <param name="inverseFrequencies">[1, headDim/2] F32.</param>
    /// <param name="angles">[rows, headDim] F32: cos₀, sin₀, cos₁, sin₁, …</param>
    void RopeAngles(Tensor positions, Tensor inverseFrequencies, Tensor angles);

    /// <summary>Rotates interleaved pairs (2i, 2i+1) of each head, in place: columns firstColumn..firstColumn + heads·headDim.</summary>
    void Rope(Tensor x, int firstColumn, int heads, int headDim, Tensor angles);

    /// <summary>x ← R(x·rsqrt(mean(x²)+eps)) per head, no weight, in place (Llama 4's "L2 norm" of q and k).</summary>
    void HeadNorm(Tensor x, int firstColumn, int heads, int headDim, float eps);

    /// <summary>scales[r] = ln(floor((p+1)/floorScale)+1)·attnScale + 1 (fp32).</summary>
    /// <param name="positions">[rows, 1] I32.</param>
    /// <param name="scales">[rows, 1] F32.</param>
    void TemperatureScales(Tensor positions, float floorScale, float attnScale, Tensor scales);

    /// <summary>y[r, c] = R(x[r, c]·scales[r]) for columns firstColumn..firstColumn+columns; other columns are not touched. y may be x.</summary>
    /// <param name="scales">[rows, 1] F32 or the type of x.</param>
    void ScaleRows(Tensor x, int firstColumn, int columns, Tensor scales, Tensor y);

    /// <summary>Writes keys and values of fused rows into their slots.</summary>
    /// <param name="qkv">[rows, shape.FusedWidth], same type as the cache.</param>
    /// <param name="rows">[rows, 2] I32: (line of <paramref name="blockTables"/>, key index within that table). A key index is the position minus the first position the table covers.</param>
    /// <param name="blockTables">[sequences, most blocks] I32: block numbers; key index k lives in entry k / BlockPositions.</param>
    void WriteKv(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables);

    /// <summary>
    /// y[r] = softmax(q·kᵀ·scale)·v over key indexes 0..keyIndex(r) of the row's table (causal; a chunk mask is a
    /// table that starts at the chunk). Online softmax in fp32 over fixed runs of keys in order, so that prefill
    /// and decode give the same bits. The row's own key must have been written before.
    /// </summary>
    /// <param name="y">[rows, shape.QueryWidth].</param>
    void Attention(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables, Tensor y);

    /// <summary>experts[r] = argmax of logits[r] (lowest index among equals); scores[r] = R(sigmoid(that logit)).</summary>
    /// <param name="logits">[rows, experts] F32.</param>
    /// <param name="experts">[rows, 1] I32.</param>
    /// <param name="scores">[rows, 1], the activations' type.</param>
    void RouteTopOne(Tensor logits, Tensor experts, Tensor scores);

    /// <summary>
    /// Groups rows by expert, on the device: order lists the rows whose expert is in firstExpert..firstExpert+count,
    /// by expert and then by row; offsets[e]..offsets[e+1] is the run of expert firstExpert+e.
    /// </summary>
    /// <param name="experts">[rows, 1] I32.</param>
    /// <param name="order">[rows, 1] I32; entries from offsets[count] on are unspecified.</param>
    /// <param name="offsets">[1, count + 1] I32.</param>
    void GroupRows(Tensor experts, int firstExpert, int count, Tensor order, Tensor offsets);

    /// <summary>
    /// For every expert e and i in offsets[e]..offsets[e+1]: y[yi] = R(x[xi]·W_eᵀ), where xi = order[i] if
    /// <paramref name="gather"/>, else i; yi = order[i] if <paramref name="scatter"/>, else i. Rows of y that no i names stay.
    /// </summary>
    void GroupedMatMul(Tensor x, IReadOnlyList<Matrix> experts, Tensor order, Tensor offsets, bool gather, bool scatter, Tensor y);

    /// <summary>ids[r] = index of the greatest logit of row r, the lowest among equals.</summary>
    /// <param name="logits">[rows, vocab] F32.</param>
    /// <param name="ids">[rows, 1] I32.</param>
    void ArgMax(Tensor logits, Tensor ids);
}

/// <summary>What a device is, for plans, logs and benches.</summary>
/// <param name="Kind">"cpu", "cuda", …: bits are the same between devices of one kind.</param>
/// <param name="Name">Instruction set or model, for people.</param>
/// <param name="Threads">Compute threads (CPU).</param>
public sealed record DeviceDescription(string Kind, string Name, int Threads);
