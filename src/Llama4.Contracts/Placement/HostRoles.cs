namespace Llama4.Contracts;

/// <summary>What a host may be given to own.</summary>
[Flags, GenerateSerializer, Alias("llama4.HostRoles")]
public enum HostRoles
{
    None = 0,

    /// <summary>Sequences of a replica: admission, batching, emission.</summary>
    Engine = 1,

    /// <summary>Stages: attention, router and shared expert of consecutive layers, with their keys and values.</summary>
    Attention = 2,

    /// <summary>Groups of routed experts.</summary>
    Experts = 4,

    /// <summary>Embedding table and output matrix.</summary>
    Vocabulary = 8,

    /// <summary>The HTTP interface; the plan gives it nothing.</summary>
    Gateway = 16,

    Any = Engine | Attention | Experts | Vocabulary | Gateway,
}
