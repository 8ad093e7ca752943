namespace Llama4.Contracts;

/// <summary>Blocks of one layer that a host is to copy from another. Only the engine of the plan in force sends these.</summary>
/// <param name="Epoch">Of that plan.</param>
/// <param name="Order">Greater with each of them for a layer: one that comes late writes nothing any more.</param>
/// <param name="From">The host that has the layer by that plan.</param>
/// <param name="Blocks">Block numbers, the same on both; none to ask only which memory is there.</param>
[GenerateSerializer, Immutable, Alias("llama4.KvPull")]
public sealed record KvPull([property: Id(0)] long Epoch, [property: Id(1)] long Order, [property: Id(2)] HostId From, [property: Id(3)] int[] Blocks);

/// <summary>KV blocks that are complete on the hosts of the next plan, on every layer of their kind, told from one engine to the next.</summary>
/// <param name="Blocks">Those first that most is lost with.</param>
[GenerateSerializer, Immutable, Alias("llama4.HeldKv")]
public sealed record HeldKv([property: Id(0)] int Replica, [property: Id(1)] HeldBlock[] Blocks);

/// <param name="IsChunked">Of the pools of layers whose attention is cut into chunks; else of those that see everything.</param>
/// <param name="Block">Its number on every layer of the kind.</param>
/// <param name="NameHigh">The name stands for all tokens up to the block's end.</param>
/// <param name="NameLow">Its other half.</param>
[GenerateSerializer, Immutable, Alias("llama4.HeldBlock")]
public readonly record struct HeldBlock([property: Id(0)] bool IsChunked, [property: Id(1)] int Block, [property: Id(2)] ulong NameHigh, [property: Id(3)] ulong NameLow);
