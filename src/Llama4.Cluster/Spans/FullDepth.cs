using System.Globalization;

namespace Llama4.Cluster.Spans;

/// <summary>Which tokens of sampled requests are followed through every layer.</summary>
public static class FullDepth
{
    /// <summary>The environment variable that says how many: one in so many, 0 for none.</summary>
    public const string Variable = "LLAMA4_TRACE_TOKENS";

    /// <summary>One in so many; 0 for none. Of the process, as the listeners of its spans are.</summary>
    public static int Every { get; set; } = 256;

    /// <summary>Takes over what the environment says, if it says something.</summary>
    /// <exception cref="ArgumentException">That is no number from 0.</exception>
    public static void Read(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        Every = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var every)
            ? every
            : throw new ArgumentException($"{Variable}: expected a number of tokens, of which one is followed through all layers, or 0 for none, found '{value}'");
    }

    /// <summary>The second of each so many: with more than one, the first token that is decoded rather than the one that a whole prompt was computed for.</summary>
    /// <param name="index">0-based index of the token in the answer.</param>
    public static bool Has(int index) => Every > 0 && index % Every == 1 % Every;
}
