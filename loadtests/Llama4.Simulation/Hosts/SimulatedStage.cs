using Llama4.Cluster;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Pipeline;
using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>A coordinator's way through its layers, with numbers for rows: the same calls, watched in the same way, as <see cref="CoordinatorGrain"/> makes.</summary>
internal sealed class SimulatedStage(SimulatedHost host, int replica, int stage)
{
    private readonly StageDoor _door = new();
    private (long Epoch, (GroupOwners[] Owners, RowSplit Split)[] Layers) _routes;

    public async Task<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws)
    {
        var plan = host.Board.Require(step.Epoch, this);
        var vocabulary = plan.Replicas[replica].Vocabulary;
        var embedding = host.Grains.GetVocabulary(vocabulary).EmbedRowsAsync(step.Epoch, step.TokenIds).AsTask();
        ulong[] numbers;
        using (var rows = await host.Remote.WatchAsync(vocabulary, step.Epoch, null, embedding))
            numbers = Numbers.From(rows);
        return await RunLayersAsync(plan, step, draws, numbers);
    }

    public Task<DrawnToken[]> ContinueAsync(StepPlan step, TokenDraw[] draws, Rows rows)
    {
        using (rows)
            return RunLayersAsync(host.Board.Require(step.Epoch, this), step, draws, Numbers.From(rows));
    }

    public override string ToString() => $"stage {replica}/{stage}@{host.Id}";

    private async Task<DrawnToken[]> RunLayersAsync(PlacementPlan plan, StepPlan step, TokenDraw[] draws, ulong[] numbers)
    {
        var stages = plan.Replicas[replica].Stages;
        var own = stages[stage];
        if (own.Host != host.Id)
            throw new InvalidOperationException($"{this}: belongs to {own.Host} in plan epoch {plan.Epoch}");
        var most = StageDoor.Most(step.MicroBatches, stages.Length);
        await _door.EnterAsync((step.Epoch, step.Step), step.Awaited, most);
        try
        {
            for (var layer = own.FirstLayer; layer < own.FirstLayer + own.Layers; layer++)
            {
                host.Board.Require(step.Epoch, this);
                host.Attend(replica, layer, step, numbers);
                await host.WorkAsync();
                await RunExpertsAsync(plan, step, layer, numbers);
            }
        }
        finally
        {
            _door.Leave((step.Epoch, step.Step), most);
        }
        return await HandOnAsync(plan, step, draws, numbers);
    }

    private async Task<DrawnToken[]> HandOnAsync(PlacementPlan plan, StepPlan step, TokenDraw[] draws, ulong[] numbers)
    {
        var placement = plan.Replicas[replica];
        if (stage + 1 < placement.Stages.Length)
        {
            var next = placement.Stages[stage + 1].Host;
            var all = Numbers.ToRows(numbers);
            return await host.Remote.WatchAsync(next, step.Epoch, null, host.Grains.GetCoordinator(replica, stage + 1, next).ContinueAsync(step, draws, all).AsTask());
        }
        if (draws.Length == 0)
            return [];
        var last = Numbers.ToRows(Array.ConvertAll(step.LogitRows, row => numbers[row]));
        var drawing = host.Grains.GetVocabulary(placement.Vocabulary).DrawRowsAsync(step.Epoch, last, draws).AsTask();
        return await host.Remote.WatchAsync(placement.Vocabulary, step.Epoch, null, drawing);
    }

    private async Task RunExpertsAsync(PlacementPlan plan, StepPlan step, int layer, ulong[] numbers)
    {
        if (_routes.Epoch != plan.Epoch)
            _routes = (plan.Epoch, [.. plan.Layers.Select(one => (GroupOwners.Of(one, host.Id, host.Board, host.Grains), new RowSplit(one)))]);
        var (all, split) = _routes.Layers[layer];
        var experts = Array.ConvertAll(numbers, Arithmetic.Expert);
        var owner = new int[numbers.Length];
        split.Assign(experts, owner);
        await Task.WhenAll(all.Select(async (owners, index) =>
        {
            int[] rows = [.. Enumerable.Range(0, numbers.Length).Where(row => owner[row] == index)];
            if (rows.Length == 0)
                return;
            var question = Numbers.ToRows(Array.ConvertAll(rows, row => numbers[row]), Array.ConvertAll(rows, row => experts[row]));
            var answering = owners.Here is not null
                ? host.RunExpertsAsync(layer, owners.Placement.Group, step.Epoch, question)
                : host.Calls.RunAsync(owners, step.Epoch, question);
            using var answer = await answering;
            var numbersBack = Numbers.From(answer);
            for (var i = 0; i < rows.Length; i++)
                numbers[rows[i]] = numbersBack[i];
        }));
    }
}
