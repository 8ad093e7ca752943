namespace Llama4.Tests;

/// <summary>What becomes of good bytes in bad hands, the same for the same seed.</summary>
internal static class HostileBytes
{
    /// <summary>Damaged copies of <paramref name="good"/>; few of them are still good.</summary>
    public static IEnumerable<byte[]> Of(byte[] good, int seed, int count)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
            yield return Damage(good, random);
    }

    /// <summary>The cases of a folder beside a test project: hex, with spaces and lines as one likes, and lines that begin with # to say what it is.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Corpus(params string[] folder) =>
        from file in Directory.EnumerateFiles(Path.Combine([Golden.Checkout, "tests", .. folder]), "*.hex").Order(StringComparer.Ordinal)
        select (Path.GetFileNameWithoutExtension(file), Parse(File.ReadLines(file)));

    /// <summary>To be put into a corpus.</summary>
    public static string Hex(byte[] bytes) => Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 2048)));

    private static byte[] Parse(IEnumerable<string> lines) =>
        Convert.FromHexString(string.Concat(lines.Where(line => !line.StartsWith('#')).Select(line => line.Replace(" ", "", StringComparison.Ordinal))));

    private static byte[] Damage(byte[] good, Random random)
    {
        var at = random.Next(good.Length);
        var length = random.Next(1, Math.Min(16, good.Length - at) + 1);
        switch (random.Next(7))
        {
            case 0: // some bits turned
                byte[] turned = [.. good];
                for (var i = random.Next(1, 9); i > 0; i--)
                    turned[random.Next(turned.Length)] ^= (byte)(1 << random.Next(8));
                return turned;
            case 1: // cut
                return good[..at];
            case 2: // a number as great as it can be
                byte[] great = [.. good];
                great.AsSpan(at, length).Fill(0xFF);
                return great;
            case 3: // a part twice
                return [.. good[..(at + length)], .. good[at..]];
            case 4: // a part missing
                return [.. good[..at], .. good[(at + length)..]];
            case 5: // another end
                var end = new byte[random.Next(1, 64)];
                random.NextBytes(end);
                return [.. good[..at], .. end];
            default: // nothing like it
                var noise = new byte[random.Next(1, 256)];
                random.NextBytes(noise);
                return noise;
        }
    }
}
