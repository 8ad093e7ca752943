using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Tests;

internal static class TestScenarios
{
    public static string Folder { get; } = Path.Combine(Golden.Checkout, "loadtests", "scenarios");

    public static Scenario Synthetic(double seconds = 1, double rate = 50, int inFlight = 1000) => new()
    {
        Name = "test",
        Seconds = seconds,
        Arrivals = new ArrivalSettings { Rate = rate },
        InFlightMax = inFlight,
        TimeoutSeconds = 30,
        DrainSeconds = 30,
        Parts = [new SyntheticPart { PromptTokens = new(3, 9), AnswerTokens = new(2, 4) }],
    };
}
