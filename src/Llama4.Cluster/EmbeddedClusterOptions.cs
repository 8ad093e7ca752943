using Llama4.Compute;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Llama4.Cluster;

/// <summary>What a cluster in one process is made of.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>A checkpoint in the Hugging Face layout.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>Compute threads of the CPU device; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Bytes for keys and values over all layers; null for what the model's context asks for, at most 1 GiB.</summary>
    public long? KvBytes { get; init; }

    /// <summary>Groups that each layer's experts are cut into. Two at least are one message each a layer, so that the path is the cluster's.</summary>
    public int ExpertGroups { get; init; } = 2;

    /// <summary>What activations are kept in.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Bf16;

    /// <summary>The scheduler's bounds, for the model's context; null for its defaults.</summary>
    public Func<int, SchedulerLimits>? Limits { get; init; }

    /// <summary>Makes the device; null for the CPU with <see cref="Threads"/>.</summary>
    public Func<IDevice>? Device { get; init; }

    /// <summary>Where the cluster's log goes; null for nowhere. Warnings and worse only, unless the builder says otherwise.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>TCP port of the loopback interface where clients without HTTP reach the cluster; 0 for none.</summary>
    public int ClientPort { get; init; }

    /// <summary>Further services, for grains of other assemblies; null for none.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Further settings of the silo, for tests that watch its calls.</summary>
    internal Action<ISiloBuilder>? Silo { get; init; }
}
