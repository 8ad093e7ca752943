using System.Net;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;

namespace Llama4.Client;

/// <summary>Which cluster, and how it is reached.</summary>
public sealed record Llama4ClientOptions
{
    /// <summary>
    /// Of a cluster of many hosts the address of its membership store, redis://[user:password@]HOST[:6379][/DB] or rediss:// for TLS; of one process
    /// (<c>llama4 serve --client-port N</c>) tcp://HOST:N.
    /// </summary>
    public required Uri Cluster { get; init; }

    /// <summary>Tells clusters apart that share a store.</summary>
    public string ClusterId { get; init; } = "llama4";

    /// <summary>The model of requests that name none; null for the one that the cluster serves.</summary>
    public string? Model { get; init; }

    /// <summary>Who asks: the cluster's queue is fair between callers.</summary>
    public string Caller { get; init; } = Environment.MachineName;

    /// <summary>Most bytes of a request, pictures as base64 included: what a gateway takes over HTTP, which is also the most that a message carries. Past it the request is not sent.</summary>
    public int BodyBytesMax { get; init; } = ChatSubmission.BodyBytesMax;

    /// <summary>How long the first request waits for a cluster that is not there (yet).</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>This client's certificate with its key (PEM) for mutual TLS with the hosts; null for none.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The authority (PEM) that all hosts' certificates must come from; goes with <see cref="TlsCertificate"/>.</summary>
    public string? TlsAuthority { get; init; }

    /// <summary>Where the log of the connection goes; null for nowhere.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>Doors of further hosts, where the address is that of one.</summary>
    internal IReadOnlyList<IPEndPoint> MoreDoors { get; init; } = [];

    /// <summary>Time of limits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
