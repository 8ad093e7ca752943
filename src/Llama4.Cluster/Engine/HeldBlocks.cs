using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>What one engine tells the next of the KV blocks that it leaves behind.</summary>
internal static class HeldBlocks
{
    public static HeldKv Tell(int replica, List<NamedBlock> blocks) =>
        new(replica, [.. blocks.Select(block => new HeldBlock(block.IsChunked, block.Block, block.Name.High, block.Name.Low))]);

    public static NamedBlock[] Hear(HeldKv held) =>
        Array.ConvertAll(held.Blocks, block => new NamedBlock(block.IsChunked, block.Block, new PrefixHash(block.NameHigh, block.NameLow), Naming: 0));
}
