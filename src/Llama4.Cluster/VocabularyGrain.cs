using Llama4.Cluster.Constraints;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>
/// Step 9: both ends of the model. Embeddings at the start of a step; at its end the last norm, the logits and the sampler.
/// <para>Reentrant: several micro-batches are inside at once. What changes is only what could be made again: constraints that are compiled, and masks that
/// are made ahead.</para>
/// </summary>
[GrainType(GrainNames.Vocabulary), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class VocabularyGrain(ModelHost host, PlanBoard board) : Grain, IVocabularyGrain
{
    private readonly ConstrainedDraws _constrained = new(host.TokenTextsAsync);

    public ValueTask EmbedAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        board.Require(step.Plan.Epoch, this);
        inHost.Hidden = host.Weights.Vocabulary.Embed(inHost.Tensors.TokenIds);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<DrawnToken[]> DrawAsync(HostStep step, TokenDraw[] draws)
    {
        var inHost = (StepInHost)step;
        board.Require(step.Plan.Epoch, this);
        RequireDraws(draws, step.Plan.LogitRows.Length);
        var masks = _constrained.Begin(draws);
        using var logits = host.Weights.Vocabulary.Logits(inHost.Hidden!, inHost.Tensors.LogitRows!);
        return await DrawAsync(logits, draws, masks);
    }

    public async ValueTask<Rows> EmbedRowsAsync(long epoch, int[] tokenIds)
    {
        board.Require(epoch, this);
        RequireTokens(tokenIds);
        using var ids = host.Device.Rent(DType.I32, tokenIds.Length, 1);
        host.Device.Upload<int>(tokenIds, ids);
        using var rows = host.Weights.Vocabulary.Embed(ids);
        return (await host.DownloadRowsAsync(rows)).AsAnswer();
    }

    public async ValueTask<DrawnToken[]> DrawRowsAsync(long epoch, Rows rows, TokenDraw[] draws)
    {
        using (rows)
        {
            board.Require(epoch, this);
            RequireDraws(draws, rows.Count);
            var spans = DrawSpans.Of(draws, host.Id);
            var masks = _constrained.Begin(draws);
            using var hidden = host.UploadRows(rows, this);
            using var indexes = host.Device.Rent(DType.I32, rows.Count, 1);
            host.Device.Upload<int>([.. Enumerable.Range(0, rows.Count)], indexes);
            using var logits = host.Weights.Vocabulary.Logits(hidden, indexes);
            var drawn = await DrawAsync(logits, draws, masks);
            spans?.End(started: null);
            return drawn;
        }
    }

    public ValueTask<string?> ConstrainAsync(long epoch, DecodingConstraint constraint)
    {
        board.Require(epoch, this);
        return _constrained.ConstrainAsync(constraint);
    }

    private ValueTask<DrawnToken[]> DrawAsync(Tensor logits, TokenDraw[] draws, Task<RowMask>?[]? masks) =>
        masks is null ? TokenDrawing.DrawAsync(host.Device, logits, draws) : DrawConstrainedAsync(logits, draws, masks);

    private async ValueTask<DrawnToken[]> DrawConstrainedAsync(Tensor logits, TokenDraw[] draws, Task<RowMask>?[] pending)
    {
        using var masks = new RowMasks(pending);
        var drawn = await TokenDrawing.DrawAsync(host.Device, logits, draws, masks);
        for (var row = 0; row < drawn.Length; row++)
        {
            if (masks[row] is { } mask && drawn[row].Error is null)
                _constrained.Follow(draws[row], drawn[row].Id, mask.State);
        }
        return drawn;
    }

    private static void RequireDraws(TokenDraw[] draws, int rows)
    {
        if (draws.Length != rows || rows == 0)
            throw new ArgumentException($"expected a draw for each of at least one row, found {draws.Length} draws for {rows} rows", nameof(draws));
    }

    /// <summary>What comes from another host is not to read beside the table.</summary>
    private void RequireTokens(int[] tokenIds)
    {
        if (tokenIds.Length == 0 || Array.Exists(tokenIds, id => (uint)id >= (uint)host.Config.VocabSize))
            throw new ArgumentException($"expected at least one token id, each below {host.Config.VocabSize}, found [{string.Join(", ", tokenIds.Take(8))}...] ({tokenIds.Length})", nameof(tokenIds));
    }
}
