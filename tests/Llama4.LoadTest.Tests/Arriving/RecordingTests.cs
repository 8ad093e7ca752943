using Llama4.LoadTest.Arriving;

namespace Llama4.LoadTest.Tests.Arriving;

public class RecordingTests
{
    [Fact]
    public void Lines_AreArrivalsWithLengthsAndSpeedDividesTimes() =>
        Recording.Parse("r", ["""{"at": 1, "prompt_tokens": 5, "answer_tokens": 2}""", "", """{"at": 4}"""], 2)
            .ShouldBe([new Arrival(0, 0.5, new Lengths(5, 2)), new Arrival(1, 2)]);

    [Theory]
    [InlineData("{\"at\": 0.5}", "r:2: expected \"at\" of at least 1, in order of time, found 0.5")]
    [InlineData("{}", "r:2: expected \"at\": seconds, found none")]
    [InlineData("{\"at\": 2, \"prompt_tokens\": 3}", "r:2: expected \"prompt_tokens\" and \"answer_tokens\" above 0, or neither, found")]
    [InlineData("{\"at\": 2, \"promt\": 3}", "r:2: expected {\"at\", \"prompt_tokens\", \"answer_tokens\"}, found")]
    [InlineData("at 2", "r:2: expected {\"at\"")]
    public void WrongLine_IsOneErrorWithItsPlace(string line, string message) =>
        Should.Throw<LoadTestException>(() => Recording.Parse("r", ["""{"at": 1}""", line], 1).ToList()).Message.ShouldStartWith(message);
}
