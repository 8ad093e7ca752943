using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>
/// Step 4: a stage. It carries the rows of a micro-batch through its layers and is the only place that knows the route.
/// <para>Reentrant: several micro-batches are inside at once, each with a step of its own; the route changes only by loading a plan,
/// and a step made for another plan is refused.</para>
/// </summary>
[GrainType(GrainNames.Coordinator), PlanPlacement, KeepAlive, Immovable, Reentrant]
internal sealed class CoordinatorGrain(ModelHost host, PlanBoard board) : Grain, ICoordinatorGrain
{
    private ServedEpoch _epoch = new();
    private IVocabularyGrain? _vocabulary;
    private ExpertDispatch[] _layers = [];

    public ValueTask LoadAsync(long epoch)
    {
        var plan = board.Require(epoch, ToString()!);
        var (replica, _) = GrainNames.Split(this.GetPrimaryKeyString());
        _vocabulary = GrainFactory.GetVocabulary(replica);
        _layers = [.. plan.Layers.Select(layer => new ExpertDispatch(host, GrainFactory, replica, layer))];
        _epoch.Set(epoch);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws)
    {
        _epoch.Require(step.Epoch, this);
        var (vocabulary, layers) = (_vocabulary!, _layers); // this plan's, also if another is loaded meanwhile
        using var inHost = new StepInHost { Plan = step, Tensors = host.Uploader.Upload(step) };
        await vocabulary.EmbedAsync(inHost);
        foreach (var layer in layers)
        {
            await layer.Attention.AttendAsync(inHost);
            await layer.RunAsync(inHost);
        }
        if (draws.Length > 0)
            return await vocabulary.DrawAsync(inHost, draws);
        // Nothing is drawn from a prefill chunk in mid prompt, but the engine's window must not run ahead of the device.
        await host.Device.SynchronizeAsync();
        return [];
    }
}
