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
    public async Task Accepts_OfLinesThatCannotBeDone_SaysSoAndAnswersTheOthers()
    {
        string[] lines =
        [
            Line(32, "{}"),
            Line(40_000, "1"),
            """{"schema":{"const":"\ud800"},"text":"1"}""",
            """{"regex":"a","text":"\ud800"}""",
            """{"regex":"a","text":"a"}""",
        ];

        var answers = (await Llama4Run.WithInputAsync(string.Join('\n', lines), "accepts")).Lines;

        answers.ShouldBe([
            """{"accepted":true}""",
            """{"error":"the line has more than 256 objects and arrays in each other"}""",
            """{"error":"schema: expected valid Unicode, found half of a surrogate pair"}""",
            """{"error":"\"text\": expected valid Unicode, found half of a surrogate pair"}""",
            """{"accepted":true}""",
        ]);

        static string Line(int levels, string text) =>
            $$"""{"schema":{{string.Concat(Enumerable.Repeat("""{"type":"object","properties":{"a":""", levels))}}true{{new string('}', 2 * levels)}},"text":"{{text}}"}""";
    }

    [Fact]
    public async Task Accepts_OfALineWithoutAConstraint_NamesIt() =>
        (await Llama4Run.WithInputAsync("{\"text\":\"1\"}\n", "accepts")).Error.ShouldBe("error: line 1: expected one of \"schema\", \"regex\", \"choice\" and \"grammar\"\n");
}
