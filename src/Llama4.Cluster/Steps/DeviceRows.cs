using Llama4.Cluster.Traces;
using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Cluster.Steps;

/// <summary>
/// Rows that stay on their host's device: the tensors of a step, borrowed. Disposing gives nothing back, since the step owns them.
/// </summary>
/// <param name="Scaled">[rows, hidden], the experts' input.</param>
/// <param name="Experts">[rows, 1] I32, each row's expert.</param>
/// <param name="Output">[rows, hidden], where a group writes the rows it owns.</param>
internal sealed class DeviceRows(Tensor scaled, Tensor experts, Tensor output) : LocalPayload
{
    public Tensor Scaled { get; } = scaled;

    public Tensor Experts { get; } = experts;

    public Tensor Output { get; } = output;

    /// <summary>The only expert to run, of which the host is a second owner; null for the whole group.</summary>
    public int? Hot { get; init; }

    /// <summary>Told when the work is enqueued; null where nobody asks.</summary>
    public LocalRun? Run { get; init; }

    public override void Dispose()
    {
    }
}
