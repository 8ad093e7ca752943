namespace Llama4.Scheduling;

/// <summary>Rows a second that choose each expert, measured.</summary>
/// <param name="experts">Of each layer; layers without experts count as many, all 0.</param>
/// <param name="rowsPerS">[layers * experts].</param>
public sealed class ExpertRates(int experts, IReadOnlyList<double> rowsPerS)
{
    public double Of(int layer, int expert) => rowsPerS[(layer * experts) + expert];

    /// <summary>Of experts first..first+count of a layer together.</summary>
    public double Of(int layer, int first, int count)
    {
        var sum = 0.0;
        for (var expert = first; expert < first + count; expert++)
        {
            sum += Of(layer, expert);
        }

        return sum;
    }
}
