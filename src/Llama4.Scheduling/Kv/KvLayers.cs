namespace Llama4.Scheduling;

/// <summary>What an engine must know of its layers to have their KV blocks moved.</summary>
/// <param name="IsChunked">[layers] whether its attention is cut into chunks.</param>
/// <param name="PageBlocks">Most blocks of one layer in a message.</param>
public sealed record KvLayers(bool[] IsChunked, int PageBlocks);
