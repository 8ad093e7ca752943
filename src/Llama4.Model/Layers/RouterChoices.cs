namespace Llama4.Model;

/// <summary>What a row's router logits say, for people: the model itself takes the greatest (<see cref="Router"/>).</summary>
public static class RouterChoices
{
    /// <summary>The experts with the greatest logits, best first; of equals the lowest index, as the router takes it.</summary>
    /// <param name="logits">[experts].</param>
    /// <param name="count">Most experts to give.</param>
    /// <returns>Score = sigmoid of the logit, which scales the expert's input (up to its rounding); Probability = softmax over all experts.</returns>
    public static (int Expert, double Score, double Probability)[] Best(ReadOnlySpan<float> logits, int count)
    {
        var best = new (int Expert, double Score, double Probability)[Math.Min(count, logits.Length)];
        Span<int> order = stackalloc int[best.Length];
        var taken = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            var place = taken;
            while (place > 0 && logits[expert] > logits[order[place - 1]])
                place--;
            if (place == best.Length)
                continue;
            taken = Math.Min(taken + 1, best.Length);
            for (var i = taken - 1; i > place; i--)
                order[i] = order[i - 1];
            order[place] = expert;
        }
        if (taken == 0)
            return best;
        double greatest = logits[order[0]];
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - greatest);
        for (var i = 0; i < taken; i++)
        {
            double logit = logits[order[i]];
            best[i] = (order[i], 1 / (1 + Math.Exp(-logit)), Math.Exp(logit - greatest) / sum);
        }
        return best;
    }
}
