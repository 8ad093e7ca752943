using Llama4.Contracts;

namespace Llama4.Cluster.Steps;

/// <summary>
/// Keeps steps that their engine has given up from writing keys and values on this host: their blocks may be another sequence's by now. Of two plans the epoch
/// tells; within one, each step names the oldest that its engine still waits for. Thread-safe.
/// </summary>
internal sealed class StepFence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (long Epoch, long Oldest)> _replicas = [];

    /// <exception cref="StaleStepException">The engine does not wait for it any more.</exception>
    public void Require(int replica, StepPlan step)
    {
        lock (_gate)
        {
            var (epoch, oldest) = _replicas.GetValueOrDefault(replica);
            if (step.Epoch < epoch || (step.Epoch == epoch && step.Step < oldest))
                throw new StaleStepException($"step {step.Step} of epoch {step.Epoch} was given up: the engine waits for step {oldest} of epoch {epoch} and later ones");
            _replicas[replica] = (step.Epoch, step.Epoch == epoch ? Math.Max(oldest, step.OldestStep) : step.OldestStep);
        }
    }
}

/// <summary>A step came that its engine has given up.</summary>
internal sealed class StaleStepException(string message) : Exception(message);
