using Llama4.Server.Eval;

namespace Llama4.Server.Tests.Eval;

public sealed class AnswerMatchTests
{
    [Theory]
    [InlineData("exact", "A pig has 4 legs.", " A pig has 4 legs.\n", true)]
    [InlineData("exact", "A pig has 4 legs.", "A pig has 4 legs", false)]
    [InlineData("contains", "Rome", "The capital of Italy is Rome.", true)]
    [InlineData("contains", "Rome", "The capital of Italy is rome.", false)]
    [InlineData("contains", " 4 ", "It has 4 legs.", true)]
    [InlineData("contains", " 4 ", "It has 44 legs.", false)]
    [InlineData("json", """{"age": 52, "name": "Bruno"}""", """ {"name":"Bruno","age":52} """, true)]
    [InlineData("json", """{"age": 52}""", """{"age": 52.0}""", true)]
    [InlineData("json", """{"age": 52}""", """{"age": "52"}""", false)]
    [InlineData("json", """{"age": 52}""", """{"age": 52} Done.""", false)]
    [InlineData("json", """{"age": 52}""", "fifty-two", false)]
    public void Answer_ByItsRule_IsRightOrWrong(string rule, string expected, string answer, bool right) =>
        AnswerMatch.IsRight(rule, expected, answer).ShouldBe(right);
}
