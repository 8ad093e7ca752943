namespace Llama4.Server.Tests.Verbs;

public sealed class AcceptsVerbTests
{
    [Theory]
    [InlineData("""{"schema":{"type":"integer"},"text":"42"}""", """{"accepted":true}""")]
    [InlineData("""{"schema":{"type":"integer"},"text":"4.2"}""", """{"accepted":false}""")]
    [InlineData("""{"regex":"a+b","text":"aab"}""", """{"accepted":true}""")]
    [InlineData("""{"choice":["yes","no"],"text":"maybe"}""", """{"accepted":false}""")]
    [InlineData("""{"schema":{"$dynamicRef":"#a"},"text":"1"}""", """{"error":"$dynamicRef: is not supported"}""")]
    [InlineData("""{"grammar":"root ::= x","text":"1"}""", """{"error":"grammar: the rule root refers to x, which is not defined"}""")]
    [InlineData("""{"grammar":"root ::= [0-9] | \"(\" root \")\"","text":"((1))"}""", """{"accepted":true}""")]
    public async Task Accepts_AnswersALine(string line, string answer)
    {
        var run = await Llama4Run.WithInputAsync(line + "\n", "accepts");

        run.Output.ShouldBe(answer + "\n");
    }

    [Fact]
    public async Task Accepts_OfALineWithoutAConstraint_NamesIt() =>
        (await Llama4Run.WithInputAsync("{\"text\":\"1\"}\n", "accepts")).Error.ShouldBe("error: line 1: expected one of \"schema\", \"regex\", \"choice\" and \"grammar\"\n");
}
