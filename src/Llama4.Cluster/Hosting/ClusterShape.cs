namespace Llama4.Cluster.Hosting;

/// <summary>How the model is cut, and what a host may hold.</summary>
/// <param name="ExpertGroups">Groups that each layer's experts are cut into; at most as many as there are experts.</param>
/// <param name="HostBytes">Most bytes of weights and KV memory on a host.</param>
internal sealed record ClusterShape(int ExpertGroups, long HostBytes);
