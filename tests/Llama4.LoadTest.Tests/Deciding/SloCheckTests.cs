using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Tests.Deciding;

public class SloCheckTests
{
    [Theory]
    [InlineData(1.0, 0.5, 9.0, true)]
    [InlineData(0.9, null, null, false)] // the first token came a second after the request was due, half a second after it was sent
    [InlineData(null, 0.49, null, false)]
    [InlineData(null, null, 8.9, false)]
    [InlineData(null, null, null, true)]
    public void Limits_CountFromTheIntendedArrival(double? ttft, double? perToken, double? total, bool isGood) =>
        SloCheck.IsGood(new Slo { TtftSeconds = ttft, PerTokenSeconds = perToken, TotalSeconds = total }, 1, Answer(Outcome.Ok)).ShouldBe(isGood);

    [Fact]
    public void WhatFailed_IsNotGood() => SloCheck.IsGood(new Slo(), 1, Answer(Outcome.Cut)).ShouldBeFalse();

    private static Answer Answer(Outcome outcome) => new(1) { Outcome = outcome, Sent = 1.5, First = 2, Last = 4, End = 10, Usage = new TokenUsage(3, 5, null) };
}
