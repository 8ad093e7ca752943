using Llama4.Contracts;

namespace Llama4.Cluster.Agents;

/// <summary>Who was asked does not lead the cluster, or not any more: who does is to be asked.</summary>
[GenerateSerializer, Alias("llama4.NotLeadingException")]
internal sealed class NotLeadingException(string message) : ClusterRequestException(message);
