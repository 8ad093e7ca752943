using Llama4.Cluster.Calls;
using Llama4.Contracts;

namespace Llama4.Cluster.Engine;

/// <summary>Steps that were sent and are not over. One that was taken out is nobody's any more: however late it ends, it is ignored.</summary>
internal sealed class StepsInFlight
{
    private readonly HashSet<StepPlan> _steps = new(ReferenceEqualityComparer.Instance);
    private readonly Signal _empty = new();

    public int Count => _steps.Count;

    public void Add(StepPlan step) => _steps.Add(step);

    public bool Has(StepPlan step) => _steps.Contains(step);

    /// <summary>Takes a step out; false if it was given up before.</summary>
    public bool TryEnd(StepPlan step)
    {
        var ended = _steps.Remove(step);
        if (_steps.Count == 0)
            _empty.Set();
        return ended;
    }

    /// <summary>Gives all up.</summary>
    public StepPlan[] TakeAll()
    {
        StepPlan[] taken = [.. _steps];
        _steps.Clear();
        _empty.Set();
        return taken;
    }

    /// <summary>Completes when none is left.</summary>
    public Task EmptyAsync() => _steps.Count == 0 ? Task.CompletedTask : _empty.Next;
}
