namespace Llama4.Model;

/// <summary>XTC, "exclude top choices" (p-e-w, github.com/oobabooga/text-generation-webui/pull/6335): of the ids that are likely enough only the least likely stays, and all that are not.</summary>
internal static class TopExclusion
{
    /// <param name="logits">[vocab].</param>
    /// <param name="weights">[vocab]; 0 for what was dropped.</param>
    /// <param name="weightMin">From which on a weight is likely enough.</param>
    /// <param name="countMin">Nothing is dropped where fewer ids would be left.</param>
    public static void Apply(ReadOnlySpan<double> logits, Span<double> weights, double weightMin, int countMin)
    {
        var (last, above, below) = (-1, 0, 0);
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] <= 0)
                continue;
            if (weights[id] < weightMin)
            {
                below++;
                continue;
            }
            above++;
            // Of equal ones the lower id is the likelier.
            if (last < 0 || logits[id] <= logits[last])
                last = id;
        }
        if (above < 2 || below + 1 < countMin)
            return;
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] >= weightMin && id != last)
                weights[id] = 0;
        }
    }
}
