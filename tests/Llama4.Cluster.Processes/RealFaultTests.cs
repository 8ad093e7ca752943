using Llama4.FaultBench;

namespace Llama4.Cluster.Processes;

/// <summary>
/// Six real processes and a real store, sixteen streams, one fault: every stream ends once, with exactly the tokens of the undisturbed run. How long the
/// streams stood still is measured by loadtests/Llama4.FaultBench, which has more scenarios.
/// </summary>
[CollectionDefinition(nameof(RealFaultTests), DisableParallelization = true)]
[Collection(nameof(RealFaultTests))]
public class RealFaultTests
{
    internal const string Switch = "LLAMA4_PROCESS_TESTS";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Theory]
    [InlineData("kill:experts")]
    [InlineData("kill:attention")]
    [InlineData("freeze:leader")]
    [InlineData("drain:attention")]
    [InlineData("cut:attention")]
    [InlineData("store")]
    public async Task Streams_ThroughAFault_EndOnceWithTheSameTokens(string scenario)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Switch) == "1", $"it fills the machine, so it runs alone: set {Switch}=1");
        Assert.SkipUnless(RedisProcess.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        if (scenario.StartsWith("cut:", StringComparison.Ordinal) && HostNetwork.Refusal is { } refusal)
            Assert.Skip(refusal);
        using var limit = new CancellationTokenSource(Limit);

        var report = await FaultRun.RunAsync(scenario, limit.Token);

        report.Wrong.ShouldBeEmpty(report.Log);
    }
}
