using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// The routed experts FirstExpert..FirstExpert+Count of one layer. A pure function of rows: each row's result is the
/// same whatever other rows come along and however a layer's experts are split into groups.
/// </summary>
public sealed class ExpertGroup : IDisposable
{
    private readonly IDevice _device;
    private readonly DType _activations;
    private readonly Matrix[] _gateUp;
    private readonly Matrix[] _down;

    /// <summary>Disposed with the group.</summary>
    private readonly IReadOnlyList<RoutedExpert> _owned;

    /// <summary>A view of experts that stay the caller's: making it costs a few references.</summary>
    /// <param name="experts">Consecutive ones of one layer, loaded on one device in one mode.</param>
    public ExpertGroup(int firstExpert, IReadOnlyList<RoutedExpert> experts)
        : this(firstExpert, experts, [])
    {
    }

    private ExpertGroup(int firstExpert, IReadOnlyList<RoutedExpert> experts, IReadOnlyList<RoutedExpert> owned)
    {
        if (experts.Count == 0)
            throw new ArgumentException("a group has at least one expert", nameof(experts));
        _device = experts[0].Device;
        _activations = experts[0].Activations;
        _gateUp = [.. experts.Select(expert => expert.GateUp)];
        _down = [.. experts.Select(expert => expert.Down)];
        _owned = owned;
        FirstExpert = firstExpert;
        WeightBytes = experts.Sum(expert => expert.WeightBytes);
    }

    public int FirstExpert { get; }

    public int Count => _gateUp.Length;

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes { get; }

    /// <summary>A group with experts of its own. Loads them one by one: little of the file is resident at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The experts are not all of the model's.</exception>
    public static async ValueTask<ExpertGroup> LoadAsync(
        Checkpoint checkpoint, int layer, int firstExpert, int count, IDevice device, ComputeMode mode, CancellationToken cancellation = default)
    {
        if (firstExpert < 0 || count < 1 || firstExpert > checkpoint.Config.Experts - count)
            throw new ArgumentOutOfRangeException(nameof(count), $"experts {firstExpert}..{firstExpert}+{count} are not within the model's {checkpoint.Config.Experts}");
        var experts = new List<RoutedExpert>(count);
        try
        {
            for (var expert = firstExpert; expert < firstExpert + count; expert++)
                experts.Add(await RoutedExpert.LoadAsync(checkpoint, layer, expert, device, mode, cancellation).ConfigureAwait(false));
            return new ExpertGroup(firstExpert, experts, experts);
        }
        catch
        {
            experts.ForEach(expert => expert.Dispose());
            throw;
        }
    }

    /// <summary>Runs the rows that chose one of this group's experts; other rows of <paramref name="output"/> stay as they are.</summary>
    /// <param name="scaled">[rows, hidden], <see cref="RouterOutput.Scaled"/>.</param>
    /// <param name="experts">[rows, 1] I32, numbered as in the layer.</param>
    /// <param name="output">[rows, hidden], the activations' type.</param>
    public void Forward(Tensor scaled, Tensor experts, Tensor output)
    {
        using var order = _device.Rent(DType.I32, scaled.Rows, 1);
        using var offsets = _device.Rent(DType.I32, 1, Count + 1);
        _device.GroupRows(experts, FirstExpert, Count, order, offsets);

        using var gateUp = _device.Rent(_activations, scaled.Rows, _gateUp[0].Outputs);
        _device.GroupedMatMul(scaled, _gateUp, order, offsets, gather: true, scatter: false, gateUp);
        // Rows past the group's own hold nothing meaningful, and nothing reads what becomes of them.
        using var activated = _device.Rent(_activations, scaled.Rows, _down[0].Inputs);
        _device.SwiGlu(gateUp, activated);
        _device.GroupedMatMul(activated, _down, order, offsets, gather: false, scatter: true, output);
    }

    /// <summary>Lets go of the group's own experts; those of a view stay.</summary>
    public void Dispose()
    {
        foreach (var expert in _owned)
            expert.Dispose();
    }
}
