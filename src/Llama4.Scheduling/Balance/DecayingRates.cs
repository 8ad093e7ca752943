namespace Llama4.Scheduling;

/// <summary>Rates of counted events that forget exponentially. It reads no clock.</summary>
internal sealed class DecayingRates(int count, TimeSpan memory)
{
    private readonly double[] _perS = new double[count];

    /// <summary>[count] a second.</summary>
    public IReadOnlyList<double> PerS => _perS;

    /// <summary>As if nothing had ever happened.</summary>
    public void Clear() => Array.Clear(_perS);

    /// <param name="events">[count] that happened evenly in the time since the last call.</param>
    public void Add(ReadOnlySpan<long> events, TimeSpan elapsed)
    {
        var kept = Math.Exp(-elapsed.TotalSeconds / memory.TotalSeconds);
        for (var i = 0; i < _perS.Length; i++)
        {
            _perS[i] = (kept * _perS[i]) + ((1 - kept) * events[i] / elapsed.TotalSeconds);
        }
    }
}
