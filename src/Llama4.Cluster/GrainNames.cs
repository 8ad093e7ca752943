using System.Globalization;
using Llama4.Contracts;

namespace Llama4.Cluster;

/// <summary>
/// Types and keys of the grains that live on a given host: made and taken apart here only. A key ends with its host, "0/12@gpu7-k3f9": where
/// a grain lives follows from the key alone.
/// </summary>
internal static class GrainNames
{
    public const string Engine = "engine";
    public const string Coordinator = "coordinator";
    public const string Attention = "attention";
    public const string ExpertGroup = "experts";
    public const string Vocabulary = "vocabulary";
    public const string Vision = "vision";
    public const string Host = "host";

    /// <summary>Answers at once with what it is sent.</summary>
    public const string Hop = "hop";

    private const char AtHost = '@';

    public static IEngineGrain GetEngine(this IGrainFactory grains, int replica, HostId host) => grains.GetGrain<IEngineGrain>(Key(replica, host));

    public static ICoordinatorGrain GetCoordinator(this IGrainFactory grains, int replica, int stage, HostId host) =>
        grains.GetGrain<ICoordinatorGrain>(Key(replica, stage, host));

    public static IAttentionGrain GetAttention(this IGrainFactory grains, int replica, int layer, HostId host) =>
        grains.GetGrain<IAttentionGrain>(Key(replica, layer, host));

    public static IExpertGroupGrain GetExpertGroup(this IGrainFactory grains, int layer, int group, HostId host) =>
        grains.GetGrain<IExpertGroupGrain>(Key(layer, group, host));

    public static IVocabularyGrain GetVocabulary(this IGrainFactory grains, HostId host) => grains.GetGrain<IVocabularyGrain>(Key(0, host));

    public static IVisionGrain GetVision(this IGrainFactory grains, HostId host) => grains.GetGrain<IVisionGrain>(Key(0, host));

    /// <summary>The host that a grain lives on.</summary>
    /// <exception cref="ArgumentException">The key names none.</exception>
    public static HostId HostOf(string key)
    {
        var at = key.IndexOf(AtHost);
        return at >= 0 && at < key.Length - 1
            ? new HostId(key[(at + 1)..])
            : throw new ArgumentException($"expected a grain key that ends with its host like 0/12@gpu7, found '{key}'", nameof(key));
    }

    /// <summary>Takes the number before the host apart: the replica of an engine.</summary>
    public static int Number(string key) =>
        int.TryParse(key.AsSpan(0, Math.Max(0, key.IndexOf(AtHost))), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"expected a grain key of a number and a host like 0@gpu7, found '{key}'", nameof(key));

    /// <summary>Takes "replica/layer", "layer/group" or "replica/stage" apart.</summary>
    public static (int First, int Second) Split(string key)
    {
        var slash = key.IndexOf('/');
        var at = key.IndexOf(AtHost);
        return slash > 0 && at > slash
            && int.TryParse(key.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(key.AsSpan(slash + 1, at - slash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : throw new ArgumentException($"expected a grain key of two numbers and a host like 0/12@gpu7, found '{key}'", nameof(key));
    }

    private static string Key(int number, HostId host) => string.Create(CultureInfo.InvariantCulture, $"{number}@{host.Name}");

    private static string Key(int first, int second, HostId host) => string.Create(CultureInfo.InvariantCulture, $"{first}/{second}@{host.Name}");
}
