using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Kv;

/// <summary>
/// Takes the KV blocks of one layer from the host that has it by the plan in force, into one memory, before this host has it by the next. One caller at a
/// time, calls interleave where they await. Never is anything written that the engine does not wait for: not by a pull that was overtaken by a later one, and not once
/// another plan is in force, from where on steps write here.
/// </summary>
/// <param name="write">Puts a page into these blocks, in the order of the device's queue.</param>
internal sealed class KvIntake(int replica, int layer, PlanBoard board, IGrainFactory grains, TimeProvider clock, Action<int[], Rows> write)
{
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(4);

    private readonly Guid _memory = Guid.NewGuid();
    private (long Epoch, long Order) _last;

    /// <returns>Which memory this is: another one for each intake.</returns>
    /// <exception cref="StaleEpochException">Another plan is in force here.</exception>
    /// <exception cref="OperationCanceledException">A later pull has come.</exception>
    public async ValueTask<Guid> TakeAsync(KvPull pull)
    {
        var order = (pull.Epoch, pull.Order);
        if (order.CompareTo(_last) <= 0)
            throw Overtaken(pull);
        RequireEpoch(pull);
        _last = order;
        if (pull.Blocks.Length == 0)
            return _memory;
        var reading = grains.GetAttention(replica, layer, pull.From).ReadKvAsync(pull.Epoch, pull.Blocks).AsTask();
        try
        {
            await reading.WaitAsync(ReadLimit, clock);
        }
        catch (TimeoutException)
        {
            _ = RemoteCalls.ForgetAsync(reading, null);
            throw;
        }
        using var page = await reading;
        if (_last != order)
            throw Overtaken(pull);
        RequireEpoch(pull);
        write(pull.Blocks, page);
        return _memory;
    }

    /// <summary>A host that has just joined has no plan in force yet: no step writes there either.</summary>
    private void RequireEpoch(KvPull pull)
    {
        if (board.Current is { } plan && plan.Epoch != pull.Epoch)
            throw new StaleEpochException($"keys and values {replica}/{layer}", plan.Epoch, pull.Epoch);
    }

    private OperationCanceledException Overtaken(KvPull pull) => new($"pull {pull.Order} of epoch {pull.Epoch} was overtaken by pull {_last.Order} of epoch {_last.Epoch}");
}
