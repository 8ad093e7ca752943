using Llama4.Contracts;

namespace Llama4.Gateway.Live;

/// <summary>All engines as one, with what they did a second since the sample before.</summary>
/// <param name="Sum">Over replicas.</param>
internal readonly record struct EngineRates(EngineStatus Sum, double TokensPerS, double PromptTokensPerS, double CachedTokensPerS)
{
    public static EngineStatus SumOf(IEnumerable<HostStatus> hosts) => hosts.SelectMany(host => host.Engines).Aggregate(
        new EngineStatus(0, 0, 0, 0, 0, 0, 0),
        (sum, engine) => new EngineStatus(
            sum.Running + engine.Running,
            sum.Waiting + engine.Waiting,
            sum.KvBlocksUsed + engine.KvBlocksUsed,
            sum.KvBlocks + engine.KvBlocks,
            sum.TokensGenerated + engine.TokensGenerated,
            sum.PromptTokens + engine.PromptTokens,
            sum.CachedTokens + engine.CachedTokens));

    /// <param name="before">Null for a first sample: nothing is known of rates then.</param>
    /// <param name="elapsed">Between the two.</param>
    public static EngineRates Of(EngineStatus now, EngineStatus? before, TimeSpan elapsed)
    {
        // An engine that another took over from began to count anew.
        double Rate(Func<EngineStatus, long> count) => before is null || elapsed <= TimeSpan.Zero ? 0 : Math.Max(0, count(now) - count(before)) / elapsed.TotalSeconds;
        return new EngineRates(now, Rate(engine => engine.TokensGenerated), Rate(engine => engine.PromptTokens), Rate(engine => engine.CachedTokens));
    }
}
