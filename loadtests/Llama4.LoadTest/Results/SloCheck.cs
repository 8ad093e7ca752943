using Llama4.LoadTest.Client;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Results;

/// <summary>Whether an answer is within the service level.</summary>
internal static class SloCheck
{
    /// <param name="intended">When the request should have been sent.</param>
    public static bool IsGood(Slo slo, double intended, Answer answer) =>
        answer.Outcome == Outcome.Ok
        && !(answer.First - intended > slo.TtftSeconds)
        && !(answer.PerToken > slo.PerTokenSeconds)
        && !(answer.End - intended > slo.TotalSeconds);
}
