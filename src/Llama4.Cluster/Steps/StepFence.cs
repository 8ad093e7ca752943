using Llama4.Contracts;

namespace Llama4.Cluster.Steps;

/// <summary>
/// Keeps steps that their engine has given up from writing keys and values on this host: their blocks may be another sequence's by now. Of two plans the epoch
/// tells; within one, each step names the earlier ones that its engine still waits for. Thread-safe.
/// </summary>
internal sealed class StepFence
{
    private readonly Lock _gate = new();

    /// <summary>By replica: the newest step that came.</summary>
    private readonly Dictionary<int, (long Epoch, long Step, long[] Awaited)> _newest = [];

    /// <exception cref="StaleStepException">The engine does not wait for it any more.</exception>
    public void Require(int replica, StepPlan step)
    {
        lock (_gate)
        {
            var (epoch, newest, awaited) = _newest.GetValueOrDefault(replica);
            if (GivenUp.Is((step.Epoch, step.Step), (epoch, newest), awaited))
                throw new StaleStepException($"step {step.Step} of epoch {step.Epoch} was given up: step {newest} of epoch {epoch} came, and the engine waits for [{string.Join(", ", awaited ?? [])}] before it");
            if (step.Awaited is not null && (step.Epoch > epoch || step.Step > newest))
                _newest[replica] = (step.Epoch, step.Step, step.Awaited);
        }
    }
}

/// <summary>A step came that its engine has given up.</summary>
internal sealed class StaleStepException(string message) : Exception(message);
