using Llama4.FaultBench;

namespace Llama4.Cluster.Processes;

/// <summary>
/// One set of prompts on real processes, 1 to 16 of them: the bits of all log-probabilities are those of the model in this process alone. So they are while a
/// host dies, and after.
/// </summary>
[Collection(nameof(RealFaultTests))]
public class SpreadBitsOverProcessesTests(ITestOutputHelper output)
{
    private const int TokensMax = 6;

    /// <summary>Long enough that a host dies in the midst of them.</summary>
    private const int TokensThroughFault = 150;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan PlanLimit = TimeSpan.FromMinutes(4);

    public static TheoryData<string> Spreads => [.. All.Select(spread => spread.Name)];

    private static Spread[] All => [Spread.One, Spread.Two, Spread.Four, Spread.Eight, Spread.Sixteen, Spread.TwoReplicas];

    [Theory]
    [MemberData(nameof(Spreads))]
    public async Task Answers_OverSoManyProcesses_HaveTheBitsOfOne(string name)
    {
        SkipUnlessAsked();
        var spread = All.Single(one => one.Name == name);
        var expected = await AloneAsync(TokensMax);
        await using var cluster = await SpreadCluster.StartAsync(spread, StartLimit);

        // One set for each replica: requests go to the engine that has least to do.
        var answers = await Task.WhenAll(Enumerable.Range(0, spread.Replicas).Select(_ => LogprobBits.AskAllAsync(cluster.Client, TokensMax)));

        foreach (var answer in answers)
            LogprobBits.ShouldBeSame(answer, expected, name);
        var status = await cluster.StatusAsync(
            status => status.Hosts.SelectMany(host => host.Engines).Count(engine => engine.TokensGenerated > 0) == spread.Replicas, PlanLimit);
        output.WriteLine($"{name}: {SpreadCluster.Text(status)}; {answers.Sum(answer => answer.Sum(bits => bits.Length))} log-probabilities, all the same bits");
    }

    [Fact]
    public async Task Answers_WhileHostsDieAndAfter_HaveTheBitsOfOne()
    {
        SkipUnlessAsked();
        var (few, many) = (await AloneAsync(TokensMax), await AloneAsync(TokensThroughFault));
        await using var cluster = await SpreadCluster.StartAsync(Spread.Faulty, StartLimit);
        LogprobBits.ShouldBeSame(await LogprobBits.AskAllAsync(cluster.Client, TokensMax), few, "before");
        foreach (var part in (string[])["experts", "attention"])
        {
            var before = await cluster.StatusAsync(status => status is { Plan: not null, Waiting: null }, PlanLimit);
            var lost = part == "experts" ? before.Plan!.Layers[0].ExpertGroups[0].Host : before.Plan!.Replicas[0].Stages[^1].Host;

            var asked = LogprobBits.AskAllAsync(cluster.Client, TokensThroughFault);
            await cluster.StatusAsync(status => status.Hosts.SelectMany(host => host.Engines).Any(engine => engine.Running > 0), PlanLimit);
            await cluster.KillAsync(lost, PlanLimit);
            var amid = asked.IsCompleted ? "behind answers that came too soon" : "amid answers";

            LogprobBits.ShouldBeSame(await asked, many, $"while {part} host {lost} died");
            var after = await cluster.StatusAsync(status => status is { Plan: { } plan, Waiting: null } && plan.Hosts.All(host => host != lost), PlanLimit);
            LogprobBits.ShouldBeSame(await LogprobBits.AskAllAsync(cluster.Client, TokensMax), few, $"after {part} host {lost} died");
            output.WriteLine($"{part} host {lost} killed {amid}: the same bits while and after; then {SpreadCluster.Text(after)}");
        }
    }

    private static void SkipUnlessAsked()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(RealFaultTests.Switch) == "1", $"it fills the machine, so it runs alone: set {RealFaultTests.Switch}=1");
        Assert.SkipUnless(RedisProcess.IsInstalled, "redis-server is not installed (Debian: redis-server)");
    }

    /// <summary>The model in this process, one host alone, without sockets between its parts.</summary>
    private static async Task<long[][]> AloneAsync(int tokensMax)
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ClusterProcesses.Model, Threads = 1 });
        return await LogprobBits.AskAllAsync(one.Client, tokensMax);
    }
}
