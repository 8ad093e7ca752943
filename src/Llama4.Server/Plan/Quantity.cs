using System.Globalization;
using Llama4.Server.Output;

namespace Llama4.Server.Plan;

/// <summary>Quantities as people and data sheets write them. Each is false unless the text is a number above 0 with a unit that is known.</summary>
internal static class Quantity
{
    /// <summary>Positions: 8192, 128K, 1M. Binary: 1M is 1,048,576.</summary>
    public static bool TryTokens(string text, out int tokens)
    {
        var ok = TryUnits(text, [("k", 1024), ("m", 1024 * 1024), ("", 1)], out var value) && value <= int.MaxValue && value == Math.Floor(value);
        tokens = ok ? (int)value : 0;
        return ok;
    }

    /// <summary>Bytes a second: 3.35TB/s, 864GB/s.</summary>
    public static bool TryBandwidth(string text, out double bytesPerS)
    {
        bytesPerS = 0;
        if (!text.Trim().EndsWith("/s", StringComparison.OrdinalIgnoreCase) || !ByteSize.TryParse(text.Trim()[..^2], out var bytes))
        {
            return false;
        }

        bytesPerS = bytes;
        return true;
    }

    /// <summary>FLOPs a second: 989TFLOPS, 1.3PFLOPS.</summary>
    public static bool TryFlops(string text, out double flopsPerS) =>
        TryUnits(text, [("gflops", 1e9), ("tflops", 1e12), ("pflops", 1e15)], out flopsPerS);

    /// <summary>Bits a second, as links are sold, into bytes a second: 400Gb/s, 25Gbit/s; or bytes: 50GB/s.</summary>
    public static bool TryLink(string text, out double bytesPerS)
    {
        // Of Gb/s and GB/s the case tells which.
        var trimmed = text.Trim();
        (string, double)[] bits = [("Mb/s", 1e6 / 8), ("Gb/s", 1e9 / 8), ("Tb/s", 1e12 / 8), ("Mbit/s", 1e6 / 8), ("Gbit/s", 1e9 / 8), ("Tbit/s", 1e12 / 8)];
        foreach (var (suffix, unit) in bits)
        {
            if (trimmed.EndsWith(suffix, StringComparison.Ordinal))
            {
                return TryUnits(trimmed[..^suffix.Length], [("", unit)], out bytesPerS);
            }
        }

        return TryBandwidth(trimmed, out bytesPerS);
    }

    /// <summary>Seconds: 30us, 1.5ms.</summary>
    public static bool TryTime(string text, out double seconds)
    {
        var ok = TryUnits(text, [("us", 1), ("ms", 1e3), ("ns", 1e-3), ("s", 1e6)], out var microseconds);
        seconds = microseconds / 1e6; // 30 us is then the double nearest to 30e-6
        return ok;
    }

    private static bool TryUnits(string text, (string Suffix, double Unit)[] units, out double value)
    {
        var trimmed = text.Trim().ToLowerInvariant();
        foreach (var (suffix, unit) in units)
        {
            if (trimmed.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(trimmed[..^suffix.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number > 0 && double.IsFinite(number * unit))
            {
                value = number * unit;
                return true;
            }
        }

        value = 0;
        return false;
    }
}
