namespace Llama4.Scheduling;

/// <summary>A complete KV block as its pool knows it: what is in it does not change as long as it has this name.</summary>
/// <param name="IsChunked">Of the pools of layers whose attention is cut into chunks; else of those that see everything.</param>
/// <param name="Block">Its number, the same on every layer of the kind.</param>
/// <param name="Name">All content that it stands for.</param>
/// <param name="Naming">
/// Which naming of its pool this is. A block that was reused has another one even if it got the same name again: a copy that was begun
/// under the first naming may hold what was written between the two.
/// </param>
public readonly record struct NamedBlock(bool IsChunked, int Block, PrefixHash Name, long Naming);
