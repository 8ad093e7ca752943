using System.Globalization;

namespace Llama4.Server.Output;

/// <summary>Sizes as people write them: 512MiB, 4GB, 1.5g, 1048576.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, double Bytes)[] Units =
    [
        ("kib", 1024), ("mib", 1024 * 1024), ("gib", 1L << 30), ("tib", 1L << 40),
        ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12),
        ("k", 1024), ("m", 1024 * 1024), ("g", 1L << 30), ("t", 1L << 40), ("b", 1),
    ];

    /// <summary>KB, MB, GB are powers of 1000; KiB, MiB, GiB and bare letters powers of 1024; no unit is bytes.</summary>
    /// <returns>False unless the size is a number of bytes above 0.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        var trimmed = text.Trim().ToLowerInvariant();
        var (suffix, unit) = Units.FirstOrDefault(u => trimmed.EndsWith(u.Suffix, StringComparison.Ordinal), ("", 1));
        var number = trimmed[..^suffix.Length].TrimEnd();
        var ok = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * unit is >= 1 and < long.MaxValue;
        bytes = ok ? (long)(value * unit) : 0;
        return ok;
    }

    /// <summary>For people: three significant digits in powers of 1000.</summary>
    public static string Format(double bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var i = 0;
        for (; bytes >= 1000 && i < units.Length - 1; i++)
        {
            bytes /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(bytes >= 100 || i == 0 ? Math.Round(bytes).ToString(CultureInfo.InvariantCulture) : bytes.ToString("0.0", CultureInfo.InvariantCulture))} {units[i]}");
    }
}
