namespace Llama4.Simulation;

/// <summary>What came of a run.</summary>
/// <param name="Violation">Null for a good one.</param>
/// <param name="Events">That happened in it.</param>
/// <param name="Time">On the simulated clock.</param>
/// <param name="LongestGap">Between two tokens of an answer.</param>
/// <param name="KvBlocksMoved">From host to host, each on each layer.</param>
/// <param name="RowsComputed">On the first layer.</param>
internal sealed record Outcome(ulong Seed, string? Violation, long Events, TimeSpan Time, int Tokens, TimeSpan LongestGap, int KvBlocksMoved, long RowsComputed);

/// <summary>One run: a cluster starts, clients ask, faults come and go, and in the end everything must be as if nothing had been.</summary>
internal static class Simulated
{
    private const int FaultsMost = 4;
    private const int FirstFaultMs = 900;
    private const int LastFaultMs = 3000;
    private const int AroundMs = 80;
    private static readonly TimeSpan FirstRequest = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LastRequest = TimeSpan.FromMilliseconds(2500);

    /// <summary>After the last fault: declared dead within 5 s; the first step of all is given up after 60 s.</summary>
    private static readonly TimeSpan RecoversWithin = TimeSpan.FromSeconds(75);

    /// <summary>Gateways that are gone are forgotten within 11 s, and what they asked for with them.</summary>
    private static readonly TimeSpan SettlesWithin = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public static Outcome Run(Scenario scenario, Action<string>? journal = null)
    {
        var world = new World(scenario.Seed) { Journal = journal };
        var random = world.Random.Split();
        var setting = Setting.From(random);
        var cluster = new SimulatedCluster(world, setting, scenario.Sabotage);
        foreach (var roles in setting.Roles)
            world.After(random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(100)), () => cluster.Join(roles));
        var requests = Enumerable.Range(0, random.Between(3, 10)).Select(_ => ClientRequest.From(random, FirstRequest, LastRequest)).ToArray();
        var faults = scenario.Faults ?? Faults(random);
        var mischief = new Mischief(cluster);
        mischief.Plan(faults);
        world.After(TimeSpan.FromMilliseconds(200), () => cluster.Ask(requests, random));
        Judge(world, cluster, mischief);
        var longest = cluster.Answers.Select(answer => answer.LongestGap).DefaultIfEmpty().Max();
        if (longest.TotalMilliseconds > scenario.LongestGapMs && world.Violation is null)
            world.Fail($"an answer stood still for {longest.TotalMilliseconds:F0} ms, {scenario.LongestGapMs} are allowed");
        return new Outcome(
            scenario.Seed, world.Violation, world.Events, world.Time, cluster.Answers.Sum(answer => answer.Tokens), longest,
            cluster.Hosts.Sum(host => host.KvBlocksMoved), cluster.Hosts.Sum(host => host.RowsComputed));
    }

    /// <summary>At any moments; or around a drain of a host that has work, when keys and values are on their way.</summary>
    private static Fault[] Faults(Random64 random)
    {
        Fault[] faults = [.. Enumerable.Range(0, random.Between(0, FaultsMost)).Select(_ => Fault.From(random, FirstFaultMs, LastFaultMs))];
        if (!random.OneIn(4))
            return faults;
        var planned = new Fault(random.Between(FirstFaultMs, LastFaultMs), FaultKind.Drain, random.Next(2), 0);
        return [planned, .. faults.Select(fault => fault with { AtMs = planned.AtMs + random.Between(-AroundMs, AroundMs) })];
    }

    private static void Judge(World world, SimulatedCluster cluster, Mischief mischief)
    {
        world.Run(Longest, () => mischief.IsOver && cluster.Answers.Count > 0);
        if (!world.Run(world.Time + RecoversWithin, () => cluster.Answers.All(HasEnded)) && world.Violation is null)
            world.Fail($"{cluster.Answers.First(answer => !HasEnded(answer))}, {RecoversWithin.TotalSeconds} s after the last fault");
        if (!world.Run(world.Time + SettlesWithin, () => IsSettled(cluster)) && world.Violation is null)
            world.Fail($"not at rest {SettlesWithin.TotalSeconds} s after the last answer: {Unrest(cluster)}");
        if (world.Violation is not null)
            TellState(world, cluster);
        foreach (var engine in EnginesOf(cluster))
        {
            try
            {
                engine.Scheduler!.CheckIntegrity();
            }
            catch (InvalidOperationException leak)
            {
                world.Fail(leak.Message);
            }
        }
    }

    private static void TellState(World world, SimulatedCluster cluster)
    {
        foreach (var host in cluster.Alive)
        {
            var leads = host.Agent.Leadership;
            world.Tell($"{host.Id}: plan epoch {host.Board.Current?.Epoch}, listens to {host.Board.Leader}, suspects [{string.Join(", ", host.Board.Suspects.Select(door => door.Host))}]"
                + (leads.IsLeading ? $", leads in term {leads.Term}, waits: {leads.Waiting}" : ""));
        }
    }

    /// <summary>Those of a lost gateway are lost with it.</summary>
    private static bool HasEnded(Answer answer) => answer.HasEnded || answer.Gateway.Process.IsDead;

    /// <summary>Every host serves the same plan, and no engine has anything to do or holds a block.</summary>
    private static bool IsSettled(SimulatedCluster cluster) => Unrest(cluster) is null;

    private static string? Unrest(SimulatedCluster cluster)
    {
        var alive = cluster.Alive;
        var epochs = alive.Select(host => host.Board.Current?.Epoch ?? 0).Distinct().ToArray();
        if (epochs.Length != 1)
            return $"plans of epochs {string.Join(", ", epochs)} are in force";
        if (alive.Select(host => host.Board.Leader).Distinct().Count() != 1)
            return $"leaders are {string.Join(", ", alive.Select(host => $"{host.Board.Leader} to {host.Id}"))}";
        return EnginesOf(cluster).Select(engine => engine.Scheduler!).FirstOrDefault(engine => engine.Status is not { Running: 0, Waiting: 0, KvBlocksUsed: 0 }) is { } busy
            ? $"an engine has {busy.Status.Running} running, {busy.Status.Waiting} waiting, {busy.Status.KvBlocksUsed} blocks in use"
            : null;
    }

    private static IEnumerable<Llama4.Cluster.Engine.EngineTurns> EnginesOf(SimulatedCluster cluster) =>
        cluster.Alive.SelectMany(host => host.Engines).Where(engine => engine.Scheduler is not null);
}
