using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Llama4.Model;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Llama4.Cluster;

/// <summary>
/// Step 9: both ends of the model. Embeddings at the start of a step; at its end the last norm, the logits and the sampler.
/// <para>Reentrant: several micro-batches are inside at once. After loading nothing in it changes.</para>
/// </summary>
[GrainType(GrainNames.Vocabulary), PlanPlacement, KeepAlive, Immovable, Reentrant]
internal sealed class VocabularyGrain(ModelHost host, PlanBoard board) : Grain, IVocabularyGrain
{
    private ServedEpoch _epoch = new();
    private Vocabulary? _vocabulary;

    public async ValueTask LoadAsync(long epoch)
    {
        board.Require(epoch, ToString()!);
        if (_vocabulary is null)
        {
            _vocabulary = await Vocabulary.LoadAsync(host.Checkpoint, host.Device, host.Mode, host.Loading);
            host.Loaded(_vocabulary.WeightBytes);
        }
        _epoch.Set(epoch);
    }

    public ValueTask EmbedAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        _epoch.Require(step.Plan.Epoch, this);
        inHost.Hidden = _vocabulary!.Embed(inHost.Tensors.TokenIds);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<DrawnToken[]> DrawAsync(HostStep step, TokenDraw[] draws)
    {
        var inHost = (StepInHost)step;
        _epoch.Require(step.Plan.Epoch, this);
        if (draws.Length != step.Plan.LogitRows.Length)
            throw new ArgumentException($"step {step.Plan.Step} has {step.Plan.LogitRows.Length} rows to draw from, {draws.Length} draws came", nameof(draws));
        using var logits = _vocabulary!.Logits(inHost.Hidden!, inHost.Tensors.LogitRows!);
        return await TokenDrawing.DrawAsync(host.Device, logits, draws);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _vocabulary?.Dispose();
        return Task.CompletedTask;
    }
}
