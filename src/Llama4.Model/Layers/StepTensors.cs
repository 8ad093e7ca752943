using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// What all layers of one step share, on the device: made once per step and host by <see cref="StepUploader"/>,
/// disposed when the last layer is enqueued.
/// </summary>
public sealed class StepTensors : IDisposable
{
    /// <summary>Rows of the step.</summary>
    public required int Rows { get; init; }

    /// <summary>[rows, 1] I32.</summary>
    public required Tensor TokenIds { get; init; }

    /// <summary>[rows, headDim] F32, cos and sin in turn; null if no layer rotates.</summary>
    public required Tensor? Angles { get; init; }

    /// <summary>[rows, 1] F32, s(p); null if no layer scales.</summary>
    public required Tensor? Temperatures { get; init; }

    /// <summary>Null if the model has no layers with a chunked mask.</summary>
    public required KvSlots? Chunked { get; init; }

    /// <summary>Null if the model has no layers with a full mask.</summary>
    public required KvSlots? Full { get; init; }

    /// <summary>[rows that need logits, 1] I32; null if none does.</summary>
    public required Tensor? LogitRows { get; init; }

    /// <summary>Where the rows live on layers with this mask.</summary>
    public KvSlots Slots(AttentionMask mask) => (mask == AttentionMask.Chunked ? Chunked : Full)
        ?? throw new InvalidOperationException($"the step has no slots for the mask {mask}, which no layer of its model's config has");

    public void Dispose()
    {
        TokenIds.Dispose();
        Angles?.Dispose();
        Temperatures?.Dispose();
        Chunked?.Dispose();
        Full?.Dispose();
        LogitRows?.Dispose();
    }
}

/// <summary>Where each row's keys and values live in the pools of one kind of layer.</summary>
/// <param name="Rows">[rows, 2] I32: (line of BlockTables, key index).</param>
/// <param name="BlockTables">[lines, most blocks] I32.</param>
public sealed record KvSlots(Tensor Rows, Tensor BlockTables) : IDisposable
{
    public void Dispose()
    {
        Rows.Dispose();
        BlockTables.Dispose();
    }
}
