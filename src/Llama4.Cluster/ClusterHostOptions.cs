using System.Net;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster;

/// <summary>A process of a cluster: which cluster, and what it brings.</summary>
public sealed record ClusterHostOptions
{
    /// <summary>Address of the membership store: redis://[user:password@]HOST[:6379][/DB], or rediss:// for TLS.</summary>
    public required Uri Redis { get; init; }

    /// <summary>Tells clusters apart that share a store.</summary>
    public string ClusterId { get; init; } = "llama4";

    /// <summary>The checkpoint on this machine; also a gateway reads its config and tokenizer from it.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>What this host may be given; with <see cref="HostRoles.Gateway"/> alone it is a client of the others.</summary>
    public HostRoles Roles { get; init; } = HostRoles.Any;

    /// <summary>Compute threads of the CPU device; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Bytes for keys and values of a replica over all layers; null for what the model's context asks for, at most 1 GiB. The same on all hosts.</summary>
    public long? KvBytes { get; init; }

    /// <summary>Most bytes of weights, keys, values and buffers on this host; null for what the machine has free for this process.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>What fails together with this host, a rack say; empty for nothing known.</summary>
    public string Zone { get; init; } = "";

    /// <summary>First part of the host's name; null for the pod's in Kubernetes, else for the machine's. A part of its own for each start is added.</summary>
    public string? Name { get; init; }

    /// <summary>Address that other hosts reach this one at; null for the pod's in Kubernetes, else for the interface that leads to the store.</summary>
    public IPAddress? Advertise { get; init; }

    /// <summary>TCP port between hosts; 0 for a free one.</summary>
    public int SiloPort { get; init; }

    /// <summary>TCP port for gateways and .NET clients without a host of their own; 0 for a free one.</summary>
    public int GatewayPort { get; init; }

    /// <summary>Other hosts that hold each part loaded, as far as there is memory for it. The leader's counts.</summary>
    public int Standbys { get; init; } = 1;

    /// <summary>Full sets of attention layers. The leader's counts.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>This host's certificate with its key (PEM) for mutual TLS between hosts; null for none.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The authority (PEM) that all hosts' certificates must come from; goes with <see cref="TlsCertificate"/>.</summary>
    public string? TlsAuthority { get; init; }

    /// <summary>Further services of a silo, for grains of other assemblies; null for none.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Where the host's log goes; null for nowhere.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}
