using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Client;
using Llama4.Cluster.Engine;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Kv;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;

namespace Llama4.Simulation;

/// <summary>One host: the project's own agent, engines and gateway client, on a simulated process. Only what computes is simulated.</summary>
internal sealed class SimulatedHost
{
    private static readonly TimeSpan Computing = TimeSpan.FromMicroseconds(800);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly SimulatedCluster _cluster;
    private readonly Dictionary<int, EngineTurns> _engines = [];
    private readonly Dictionary<(int, int), SimulatedStage> _stages = [];
    private readonly StepFence _fence = new();
    private readonly ExpertCounts _counts;
    private readonly Links _links;
    private readonly Dictionary<(int Replica, int Layer), KvStore> _kv = [];
    private readonly Dictionary<(int Replica, int Layer), KvIntake> _intakes = [];

    public SimulatedHost(SimulatedCluster cluster, HostId id, HostRoles roles)
    {
        (_cluster, Id, Roles) = (cluster, id, roles);
        Process = new SimulatedProcess(cluster.World, id.Name);
        _links = new Links(Process.Clock);
        Parts = new SimulatedParts(id, Process);
        Grains = new SimulatedGrains(cluster, Process);
        _counts = new ExpertCounts(Arithmetic.Layers, Arithmetic.Experts, Process.Clock);
        Remote = new RemoteCalls(Board, _links);
        Calls = new ExpertCalls(Board, Remote, _links, Process.Clock);
        var description = new HostDescription(id, 0, id.Name, "simulated", roles, "", cluster.Setting.HostBytes, 0, 0);
        var options = new HostAgentOptions(description, cluster.Setting.Replicas, cluster.Setting.Standbys, ExpertGroups: 1) { Load = Setting.Load };
        Agent = new HostAgent(
            options, new PlanMaker(options, Setting.Shape, Setting.Work), Parts, Board, _links, _counts, new RoutedTokens(Arithmetic.Layers, Arithmetic.Experts, Process.Clock, device: null), Grains,
            cluster.Membership.Join(id, Process), new SimulatedRegister(cluster.Network, Process, cluster.Store), Process.Clock, new JournalLogger<HostAgent>(cluster.World, id.Name));
        Client = new GenerationClient(replica => new DirectWay(Grains, replica), Board, Process.Clock);
        Process.Start(TickAsync);
    }

    public HostId Id { get; }

    public HostRoles Roles { get; }

    public SimulatedProcess Process { get; }

    public SimulatedGrains Grains { get; }

    public PlanBoard Board { get; } = new();

    public RemoteCalls Remote { get; }

    public ExpertCalls Calls { get; }

    public SimulatedParts Parts { get; }

    public HostAgent Agent { get; }

    public GenerationClient Client { get; }

    public IEnumerable<EngineTurns> Engines => _engines.Values;

    /// <summary>That came here from another host.</summary>
    public int KvBlocksMoved { get; private set; }

    /// <summary>On the first layer.</summary>
    public long RowsComputed { get; private set; }

    /// <summary>Woken by its first call, as a grain is; gone when another host has the replica.</summary>
    public EngineTurns Engine(int replica)
    {
        if (!_engines.TryGetValue(replica, out var engine))
        {
            ILogger logger = new JournalLogger<EngineTurns>(_cluster.World, Id.Name);
            _engines.Add(replica, engine = new EngineTurns(
                Id, replica, Setting.Kv, Setting.Layers, Setting.Limits, Board, _links, Grains, Process.Clock, () => _engines.Remove(replica), logger));
            Process.Start(() => ForgetAsync(engine));
        }
        return engine;
    }

    /// <summary>What is answered to a gateway, as it is but for sabotage.</summary>
    public EngineAnswer Spoil(EngineAnswer answer) =>
        _cluster.Sabotage == Sabotage.LosesChunks && answer.Chunks.Length > 0 && _cluster.World.Random.OneIn(100) ? answer with { Chunks = answer.Chunks[..^1] } : answer;

    public SimulatedStage Stage(int replica, int stage)
    {
        if (!_stages.TryGetValue((replica, stage), out var known))
            _stages.Add((replica, stage), known = new SimulatedStage(this, replica, stage));
        return known;
    }

    public ValueTask PrepareKv((int Replica, int Layer) key)
    {
        if (!_kv.ContainsKey(key))
        {
            _kv.Add(key, new KvStore(Arithmetic.IsChunked(key.Layer) ? Setting.Kv.ChunkedBlocks : Setting.Kv.FullBlocks));
            _intakes.Add(key, new KvIntake(key.Replica, key.Layer, Board, Grains, Process.Clock, (blocks, page) => WriteKv(key, blocks, page)));
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseKv((int Replica, int Layer) key)
    {
        _kv.Remove(key);
        _intakes.Remove(key);
        return ValueTask.CompletedTask;
    }

    public KvIntake Intake((int Replica, int Layer) key) =>
        _intakes.TryGetValue(key, out var intake) ? intake : throw new InvalidOperationException($"host {Id} holds no keys and values of layer {key.Replica}/{key.Layer}");

    public async Task<Rows> ReadKvAsync((int Replica, int Layer) key, long epoch, int[] blocks)
    {
        await WorkAsync();
        Board.Require(epoch, $"keys and values {key.Replica}/{key.Layer}@{Id}");
        return _kv[key].Read(blocks);
    }

    private void WriteKv((int Replica, int Layer) key, int[] blocks, Rows page)
    {
        if (_cluster.Sabotage != Sabotage.LosesMovedKv || !_cluster.World.Random.OneIn(20))
            _kv[key].Write(blocks, page);
        KvBlocksMoved += blocks.Length;
    }

    public void Attend(int replica, int layer, StepPlan step, ulong[] rows)
    {
        if (!Parts.HasLayer(layer) || !_kv.TryGetValue((replica, layer), out var kv))
            throw new InvalidOperationException($"host {Id} does not hold layer {layer} of replica {replica}");
        _fence.Require(replica, step);
        RowsComputed += layer == 0 ? rows.Length : 0;
        if (_cluster.Sabotage == Sabotage.ForgetsKv && _cluster.World.Random.OneIn(500))
            _kv[(replica, layer)] = kv = new KvStore(Arithmetic.IsChunked(layer) ? Setting.Kv.ChunkedBlocks : Setting.Kv.FullBlocks);
        if (kv.Attend(step, Arithmetic.IsChunked(layer) ? step.Chunked : step.Full, rows) is { } wrong)
            _cluster.World.Fail(wrong);
    }

    public async Task<Rows> RunExpertsAsync(int layer, int group, long epoch, Rows rows)
    {
        using (rows)
        {
            var placement = Board.Require(epoch, $"experts {layer}/{group}@{Id}").Layers[layer].ExpertGroups[group];
            var experts = rows.Experts.ToArray();
            foreach (var expert in experts)
            {
                if (expert < placement.First || expert >= placement.First + placement.Count || !Parts.HasExpert(layer, expert))
                    throw new InvalidOperationException($"host {Id} does not hold expert {expert} of layer {layer}");
            }
            _counts.Add(layer, experts);
            var numbers = Numbers.From(rows);
            await WorkAsync();
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = Arithmetic.RunExpert(layer, experts[i] + (_cluster.Sabotage == Sabotage.WrongExpert && _cluster.World.Random.OneIn(1000) ? 1 : 0), numbers[i]);
            return Numbers.ToRows(numbers);
        }
    }

    public async Task<Rows> EmbedAsync(long epoch, int[] tokens)
    {
        RequireVocabulary(epoch);
        await WorkAsync();
        return Numbers.ToRows(Array.ConvertAll(tokens, Arithmetic.Embed));
    }

    public async Task<DrawnToken[]> DrawAsync(long epoch, Rows rows, TokenDraw[] draws)
    {
        using (rows)
        {
            RequireVocabulary(epoch);
            await WorkAsync();
            return [.. Numbers.From(rows).Zip(draws, (row, draw) => draw.Forced is { } forced
                ? new DrawnToken(forced, Arithmetic.Logprob(row, forced), []) { Rank = 1 }
                : new DrawnToken(Arithmetic.Draw(row), null, null))];
        }
    }

    /// <summary>The device's time for one operation.</summary>
    public Task WorkAsync() => Task.Delay(_cluster.World.Random.Between(TimeSpan.Zero, Computing) * Process.Slowness, Process.Clock);

    private void RequireVocabulary(long epoch)
    {
        Board.Require(epoch, $"vocabulary@{Id}");
        if (!Parts.Vocabulary)
            throw new InvalidOperationException($"host {Id} does not hold the vocabulary");
    }

    private async Task TickAsync()
    {
        while (true)
        {
            var jitter = _cluster.World.Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
            await Task.Delay(HostAgent.TickEvery + jitter, Process.Clock);
            Agent.Tick();
        }
    }

    private async Task ForgetAsync(EngineTurns engine)
    {
        while (_engines.ContainsValue(engine))
        {
            await Task.Delay(LookEvery, Process.Clock);
            if (engine.Scheduler is not null)
                engine.ForgetSilentGateways();
        }
    }
}
