using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Running;

/// <summary>Counts in equal pieces of time, made as time goes on. Not for several threads at once.</summary>
internal sealed class BinSeries(double binSeconds)
{
    /// <summary>Of the time that is planned; with these a page shows all that a plot can.</summary>
    public const int BinsWanted = 300;

    /// <summary>Later events fall into the last.</summary>
    private const int BinsMax = 40 * BinsWanted;

    private readonly List<Open> _bins = [];

    /// <summary>At least a second.</summary>
    public static double Width(double seconds) => Math.Max(1, Math.Ceiling(seconds / BinsWanted));

    public void Arrived(double at) => Of(at).Arrived++;

    public void Shed(double at) => Of(at).Shed++;

    public void Tokens(double at) => Of(at).Tokens++;

    /// <param name="inFlight">With this one.</param>
    public void Sent(double at, int inFlight)
    {
        Of(at).Sent++;
        Level(at, inFlight);
    }

    public void Ttft(double at, double seconds) => (Of(at).Ttft ??= new LatencyHistogram(2)).Record(seconds);

    /// <param name="inFlight">Without this one.</param>
    public void Ended(double at, bool isOk, bool isRefused, int inFlight)
    {
        var bin = Of(at);
        bin.Ok += isOk ? 1 : 0;
        bin.Refused += isRefused ? 1 : 0;
        bin.Failed += isOk || isRefused ? 0 : 1;
        Level(at, inFlight);
    }

    public Series Close()
    {
        var (closed, level) = (new List<Bin>(_bins.Count), 0);
        for (var i = 0; i < _bins.Count; i++)
        {
            var bin = _bins[i];
            closed.Add(new Bin(
                i * binSeconds, bin.Arrived, bin.Sent, bin.Ok, bin.Failed, bin.Refused, bin.Shed, bin.Tokens, Math.Max(level, bin.InFlightMax), bin.Ttft?.Percentile(50), bin.Ttft?.Percentile(99)));
            level = bin.InFlightLast ?? level; // as many as at the end of the one before, until something happens
        }

        return new Series(binSeconds, closed);
    }

    private void Level(double at, int inFlight)
    {
        var bin = Of(at);
        bin.InFlightMax = Math.Max(bin.InFlightMax, inFlight);
        bin.InFlightLast = inFlight;
    }

    private Open Of(double at)
    {
        var index = Math.Min((int)(at / binSeconds), BinsMax - 1);
        while (_bins.Count <= index)
        {
            _bins.Add(new Open());
        }

        return _bins[index];
    }

    private sealed class Open
    {
        public int Arrived, Sent, Ok, Failed, Refused, Shed, Tokens, InFlightMax;
        public int? InFlightLast;
        public LatencyHistogram? Ttft;
    }
}
