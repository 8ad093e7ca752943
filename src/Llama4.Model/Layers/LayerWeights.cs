using Llama4.Compute;

namespace Llama4.Model;

/// <summary>All weights of a layer but its routed experts: attention, and router with shared expert or dense feed-forward. Keys and values are not in it.</summary>
public sealed class LayerWeights : IDisposable
{
    private LayerWeights(AttentionBlock attention, Router? router, SharedExpert? shared, DenseFeedForward? dense)
    {
        Attention = attention;
        Router = router;
        Shared = shared;
        Dense = dense;
    }

    public AttentionBlock Attention { get; }

    /// <summary>On MoE layers.</summary>
    public Router? Router { get; }

    /// <summary>On MoE layers.</summary>
    public SharedExpert? Shared { get; }

    /// <summary>On dense layers.</summary>
    public DenseFeedForward? Dense { get; }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => Attention.WeightBytes + (Router?.WeightBytes ?? 0) + (Shared?.WeightBytes ?? 0) + (Dense?.WeightBytes ?? 0);

    /// <summary>Loads one block after the other; a load that fails or is cancelled leaves nothing behind.</summary>
    public static async ValueTask<LayerWeights> LoadAsync(
        Checkpoint checkpoint, int layer, IDevice device, ComputeMode mode, CancellationToken cancellation = default)
    {
        var loaded = new List<IDisposable>();
        try
        {
            var attention = Keep(await AttentionBlock.LoadAsync(checkpoint, layer, device, mode, cancellation).ConfigureAwait(false));
            if (!attention.Plan.IsMoe)
                return new LayerWeights(attention, null, null, Keep(await DenseFeedForward.LoadAsync(checkpoint, layer, device, mode, cancellation).ConfigureAwait(false)));
            return new LayerWeights(
                attention,
                Keep(await Router.LoadAsync(checkpoint, layer, device, mode, cancellation).ConfigureAwait(false)),
                Keep(await SharedExpert.LoadAsync(checkpoint, layer, device, mode, cancellation).ConfigureAwait(false)),
                null);
        }
        catch
        {
            loaded.ForEach(block => block.Dispose());
            throw;
        }

        T Keep<T>(T block) where T : IDisposable
        {
            loaded.Add(block);
            return block;
        }
    }

    public void Dispose()
    {
        Attention.Dispose();
        Router?.Dispose();
        Shared?.Dispose();
        Dense?.Dispose();
    }
}
