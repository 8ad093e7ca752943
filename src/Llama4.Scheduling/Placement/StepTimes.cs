namespace Llama4.Scheduling;

/// <param name="Host">Null for none.</param>
internal readonly record struct StepPart(StepResource Resource, int? Host, double Seconds);

/// <summary>Seconds of a step by resource and host.</summary>
/// <param name="hosts">How many there are.</param>
internal sealed class StepTimes(int hosts)
{
    private static readonly int Resources = Enum.GetValues<StepResource>().Length;

    /// <summary>[resource, host], the last host being none.</summary>
    private readonly double[,] _seconds = new double[Resources, hosts + 1];

    public double Total { get; private set; }

    public void Add(StepResource resource, int? host, double seconds)
    {
        _seconds[(int)resource, host ?? hosts] += seconds;
        Total += seconds;
    }

    public void Add(StepPart part, int times = 1) => Add(part.Resource, part.Host, part.Seconds * times);

    /// <summary>The host with most to do; its device and its link work at once.</summary>
    public (int Host, double Seconds) Busiest() =>
        Enumerable.Range(0, hosts).Select(host => (host, Busy(host))).MaxBy(busy => busy.Item2);

    /// <summary>Of everything, the resource that takes most, of which host, and its share.</summary>
    public (StepResource Resource, double Share, int? Host) Largest()
    {
        var resource = Enumerable.Range(0, Resources).MaxBy(OfResource);
        var host = Enumerable.Range(0, hosts + 1).MaxBy(host => _seconds[resource, host]);
        return ((StepResource)resource, OfResource(resource) / Total, host < hosts ? host : null);
    }

    /// <summary>The same of a host's own time.</summary>
    public (StepResource Resource, double Share, int? Host) LargestOf(int host)
    {
        var link = _seconds[(int)StepResource.LinkBandwidth, host];
        if (link >= Busy(host))
        {
            return (StepResource.LinkBandwidth, 1, host);
        }

        var (read, calculate) = (_seconds[(int)StepResource.MemoryBandwidth, host], _seconds[(int)StepResource.Flops, host]);
        return read >= calculate
            ? (StepResource.MemoryBandwidth, read / Busy(host), host)
            : (StepResource.Flops, calculate / Busy(host), host);
    }

    private double Busy(int host) => Math.Max(
        _seconds[(int)StepResource.MemoryBandwidth, host] + _seconds[(int)StepResource.Flops, host],
        _seconds[(int)StepResource.LinkBandwidth, host]);

    private double OfResource(int resource) => Enumerable.Range(0, hosts + 1).Sum(host => _seconds[resource, host]);
}
