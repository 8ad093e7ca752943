using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What experts have to do by measured rows, in parts of their layer's work.</summary>
/// <param name="experts">Of each layer.</param>
public sealed class MeasuredWork(IReadOnlyList<int> experts, ExpertRates rates)
{
    /// <summary>Rows that every layer counts as having run besides, evenly over its experts: where little was measured, routing counts as even.</summary>
    private const double EvenRowsPerS = 50;

    /// <summary>Half is for the experts being there, as each that any row chooses is read once, half for the rows. 1 for all of a layer together.</summary>
    public double Of(int layer, int expert)
    {
        double count = experts[layer];
        var rows = rates.Of(layer, expert) + (EvenRowsPerS / count);
        return (0.5 / count) + (0.5 * rows / (rates.Of(layer, 0, experts[layer]) + EvenRowsPerS));
    }

    /// <summary>
    /// How long a plan's layers take for their experts, in units of one layer's work at a byte a second: each as long as the host with most of it
    /// for its speed. To compare plans of the same hosts.
    /// </summary>
    public double Time(PlacementPlan plan, IReadOnlyCollection<HostCapacity> hosts)
    {
        var speeds = hosts.ToDictionary(host => host.Host, host => host.Speed.ReadBytesPerS);
        return plan.Layers.Where(layer => layer.ExpertGroups.Length > 0).Sum(layer => ByHost(layer).Max(host => host.Value / speeds[host.Key]));
    }

    private Dictionary<HostId, double> ByHost(LayerPlacement layer)
    {
        var work = new Dictionary<HostId, double>();
        foreach (var group in layer.ExpertGroups)
        {
            for (var expert = group.First; expert < group.First + group.Count; expert++)
            {
                var second = Array.Find(group.Hot, hot => hot.Expert == expert)?.SecondOwner;
                Add(group.Host, Of(layer.Layer, expert) / (second is null ? 1 : 2));
                if (second is { } host)
                {
                    Add(host, Of(layer.Layer, expert) / 2);
                }
            }
        }

        return work;

        void Add(HostId host, double more) => work[host] = work.GetValueOrDefault(host) + more;
    }
}
