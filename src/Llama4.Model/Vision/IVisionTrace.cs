using Llama4.Compute;

namespace Llama4.Model;

/// <summary>What a <see cref="VisionTower"/> makes on its way, in order.</summary>
public enum VisionStage : byte
{
    /// <summary>[tiles · positions, hidden], after the first norm.</summary>
    Embedding,

    /// <summary>[tiles · positions, hidden], once for each block.</summary>
    Block,

    /// <summary>[tiles · positions, hidden], the class token's row last in each tile.</summary>
    PostNorm,

    /// <summary>[tiles · rows of a tile, feed-forward width].</summary>
    PixelShuffle,

    /// <summary>[tiles · rows of a tile, projector output].</summary>
    Adapter,

    /// <summary>[tiles · rows of a tile, hidden of the text model].</summary>
    Projector,
}

/// <summary>Is shown what a batch of tiles made. Tensors are borrowed for the call and may still be pending: enqueue what is wanted of them before returning.</summary>
public interface IVisionTrace
{
    /// <param name="block">0-based; 0 for other stages.</param>
    void Made(VisionStage stage, int block, Tensor rows);
}
