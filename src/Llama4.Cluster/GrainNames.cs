using System.Globalization;
using Llama4.Contracts;

namespace Llama4.Cluster;

/// <summary>Types and keys of the grains that a plan places: made and taken apart here only.</summary>
internal static class GrainNames
{
    public const string Engine = "engine";
    public const string Coordinator = "coordinator";
    public const string Attention = "attention";
    public const string ExpertGroup = "experts";
    public const string Vocabulary = "vocabulary";
    public const string Plan = "plan";

    /// <summary>Lives on the host that its key names.</summary>
    public const string Hop = "hop";

    public static IEngineGrain GetEngine(this IGrainFactory grains, int replica) => grains.GetGrain<IEngineGrain>(replica);

    public static ICoordinatorGrain GetCoordinator(this IGrainFactory grains, int replica, int stage) =>
        grains.GetGrain<ICoordinatorGrain>(Pair(replica, stage));

    public static IAttentionGrain GetAttention(this IGrainFactory grains, int replica, int layer) =>
        grains.GetGrain<IAttentionGrain>(Pair(replica, layer));

    public static IExpertGroupGrain GetExpertGroup(this IGrainFactory grains, int layer, int group) =>
        grains.GetGrain<IExpertGroupGrain>(Pair(layer, group));

    public static IVocabularyGrain GetVocabulary(this IGrainFactory grains, int replica) => grains.GetGrain<IVocabularyGrain>(replica);

    /// <summary>Takes "replica/layer", "layer/group" or "replica/stage" apart.</summary>
    public static (int First, int Second) Split(string key)
    {
        var slash = key.IndexOf('/');
        return slash > 0
            && int.TryParse(key.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(key.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : throw new ArgumentException($"expected a grain key of two numbers like 0/12, found '{key}'", nameof(key));
    }

    private static string Pair(int first, int second) => string.Create(CultureInfo.InvariantCulture, $"{first}/{second}");
}
