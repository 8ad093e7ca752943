using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Engine;

/// <summary>
/// Has a replica's complete KV blocks copied to the hosts that have their layers by the next plan, as <see cref="KvMove"/> decides: in rounds while the engine serves,
/// and a last time while it stands still. A page goes to all layers of its kind before the next, so that what was copied when time runs out is of use.
/// What is not copied is computed again: nothing here fails its caller.
/// <para>Belongs to an engine and is called as one: calls interleave where they await. A later copy overtakes an earlier one, there (<see cref="Kv.KvIntake"/>) and here.</para>
/// </summary>
/// <param name="named">The engine's complete blocks as they are now.</param>
/// <param name="lastMax">For the last round, in which the engine stands still.</param>
internal sealed partial class KvMoving(
    int replica, KvLayers layers, Func<List<NamedBlock>> named, TimeSpan lastMax, PlanBoard board, Links links, IGrainFactory grains, TimeProvider clock,
    ILogger logger)
{
    /// <summary>A change of plan waits no longer for it: at 10 Gbit/s some 4 GB, the KV of 20,000 positions of Scout.</summary>
    private static readonly TimeSpan MoveLimit = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(1);

    /// <summary>Pages under way: enough to fill a link of 10 Gbit/s with its turnaround of 1 ms, little enough for steps to pass.</summary>
    private const int LayersAtOnce = 8;

    private readonly RemoteCalls _remote = new(board, links);
    private KvWay? _way;
    private Task _rounds = Task.CompletedTask;
    private long _order;

    /// <summary>Copies while the engine serves. Said twice it is the same copying.</summary>
    public Task MoveAsync(PlacementPlan from, PlacementPlan to)
    {
        var way = WayOf(from, to);
        return _rounds.IsCompleted || way != _way ? _rounds = RoundsAsync(_way = way) : _rounds;
    }

    /// <summary>The last round. No step is in flight, and none begins before the next plan is in force.</summary>
    /// <returns>The blocks that all hosts of the next plan hold.</returns>
    public async Task<List<NamedBlock>> FinishAsync(PlacementPlan from, PlacementPlan to)
    {
        var way = _way = WayOf(from, to);
        var started = clock.GetTimestamp();
        // Whether each memory still is what was copied to; this overtakes whatever copy is under way.
        if (way.Layers.Length > 0 && !await CopyAsync(way, null, started, lastMax))
            return [];
        foreach (var page in way.Move.Missing(named()))
        {
            if (!await CopyAsync(way, page, started, lastMax))
                break;
        }
        var all = named();
        var kept = way.Move.Kept(all);
        Moved(logger, replica, way.Layers.Length, kept.Count, all.Count, clock.GetElapsedTime(started).TotalMilliseconds);
        return kept;
    }

    private async Task RoundsAsync(KvWay way)
    {
        var started = clock.GetTimestamp();
        var missing = way.Move.Missing(named());
        for (var round = 0; KvMove.IsWorthARound(round, missing); round++)
        {
            foreach (var page in missing)
            {
                var left = MoveLimit - clock.GetElapsedTime(started);
                if (way.Layers.Any(layer => board.IsSuspected(layer.From)) || !await CopyAsync(way, page, clock.GetTimestamp(), left < PageLimit ? left : PageLimit))
                    return;
            }
            missing = way.Move.Missing(named());
        }
    }

    /// <param name="page">Null to ask for the memories alone.</param>
    /// <param name="limit">For all layers, from <paramref name="started"/> on.</param>
    /// <returns>Whether every layer has the page now.</returns>
    private async Task<bool> CopyAsync(KvWay way, KvPage? page, long started, TimeSpan limit)
    {
        var order = _order = Math.Max(_order + 1, clock.GetTimestamp()); // greater also than those of an earlier activation in this process
        if (page is not null)
            way.Move.Begin(page);
        var pull = new KvPull(way.Epoch, order, default, page is null ? [] : Array.ConvertAll(page.Blocks, block => block.Block));
        var waiting = new Queue<KvLayer>(way.Layers.Where(layer => page is null || layer.IsChunked == page.IsChunked));
        var copied = await Task.WhenAll(Enumerable.Range(0, LayersAtOnce).Select(async _ =>
        {
            while (waiting.TryDequeue(out var layer))
            {
                if (!await PullAsync(way, layer, pull with { From = layer.From }, limit - clock.GetElapsedTime(started)))
                {
                    waiting.Clear();
                    return false;
                }
            }
            return true;
        }));
        if (copied.Contains(false) || order != _order)
            return false;
        if (page is not null)
            way.Move.End(page);
        return true;
    }

    private async Task<bool> PullAsync(KvWay way, KvLayer layer, KvPull pull, TimeSpan limit)
    {
        if (limit <= TimeSpan.Zero)
            return false;
        try
        {
            var pulling = grains.GetAttention(replica, layer.Layer, layer.To).PullKvAsync(pull).AsTask();
            var memory = await _remote.WatchAsync(layer.To, pull.Epoch, null, pulling).WaitAsync(limit, clock);
            return way.IsKnown(layer, memory);
        }
        catch (Exception failure)
        {
            NotCopied(logger, pull.Blocks.Length, replica, layer.Layer, layer.From, layer.To, failure.Message);
            return false;
        }
    }

    private KvWay WayOf(PlacementPlan from, PlacementPlan to)
    {
        var way = new KvWay(replica, layers, from, to);
        return _way is { } known && known.Epoch == way.Epoch && known.Layers.SequenceEqual(way.Layers) ? known : way;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Blocks} KV blocks of layer {Replica}/{Layer} did not get from {From} to {To}: {Reason}")]
    private static partial void NotCopied(ILogger logger, int blocks, int replica, int layer, HostId from, HostId to, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {Replica}: {Layers} layers get another host, {Kept} of {All} KV blocks are kept; the last round took {Milliseconds:0.0} ms")]
    private static partial void Moved(ILogger logger, int replica, int layers, int kept, int all, double milliseconds);
}
