namespace Llama4.Images;

/// <summary>
/// The weights of one axis of a resize: a triangle as wide as a step of the coarser side, in integers. The order of every operation on
/// doubles is the reference's (torchvision's antialiased bilinear kernel for bytes); another order gives other integers.
/// </summary>
internal sealed class ResizeWeights
{
    private const int PrecisionMax = 22;

    private readonly int[] _first;
    private readonly int[] _start;
    private readonly short[] _weights;

    public ResizeWeights(int from, int to)
    {
        var scale = (double)from / to;
        var support = Math.Max(scale, 1);
        var inverse = scale >= 1 ? 1 / scale : 1;
        var tapsMax = 2 * (int)Math.Ceiling(support) + 1;
        _first = new int[to];
        _start = new int[to + 1];
        var exact = new List<double>(Math.Min(tapsMax, from) * to);
        var greatest = 0.0;
        for (var i = 0; i < to; i++)
        {
            var centre = scale * (i + 0.5);
            var first = Math.Max((int)(centre - support + 0.5), 0);
            var taps = Math.Clamp(Math.Min((int)(centre + support + 0.5), from) - first, 0, tapsMax);
            var sum = 0.0;
            for (var j = 0; j < taps; j++)
            {
                exact.Add(Math.Max(0, 1 - Math.Abs((j + first - centre + 0.5) * inverse)));
                sum += exact[^1];
            }

            (_first[i], _start[i + 1]) = (first, exact.Count);
            for (var j = _start[i]; j < exact.Count; j++)
            {
                exact[j] /= sum;
                greatest = Math.Max(greatest, exact[j]);
            }
        }

        while (Precision < PrecisionMax && (int)(0.5 + greatest * (1 << (Precision + 1))) < 32768)
        {
            Precision++;
        }

        _weights = new short[exact.Count];
        for (var i = 0; i < _weights.Length; i++)
        {
            _weights[i] = (short)(0.5 + exact[i] * (1 << Precision));
        }
    }

    /// <summary>Weights are multiples of 2^-Precision.</summary>
    public int Precision { get; }

    /// <summary>Half of a level, so that the shift rounds.</summary>
    public int Half => 1 << (Precision - 1);

    /// <summary>The first sample that output <paramref name="i"/> sees.</summary>
    public int First(int i) => _first[i];

    /// <summary>The weights of that sample and those after it.</summary>
    public ReadOnlySpan<short> Of(int i) => _weights.AsSpan(_start[i], _start[i + 1] - _start[i]);
}
