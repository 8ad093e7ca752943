namespace Llama4.Structured.Tests;

public sealed class GbnfTests
{
    private const string Calculation = """
        # sums of products, with spaces
        root    ::= sum
        sum     ::= product (_ [+-] _ product)*
        product ::= atom
                  | atom _ "*" _ product
        atom    ::= number | "(" _ sum _ ")"   # recursion
        number  ::= "-"? ("0" | [1-9] [0-9]{0,3}) ("." [0-9]+)?
        _       ::= " "?
        """;

    private static string Doubling(Func<int, string> rule, string last = "\"a\"?") =>
        $"root ::= r0 \"x\"\n{string.Concat(Enumerable.Range(0, 25).Select(i => $"r{i} ::= {rule(i + 1)}\n"))}r25 ::= {last}\n";

    private const string Json = """
        root   ::= value
        value  ::= object | array | string | "true" | "false" | "null" | [0-9]+
        object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
        array  ::= "[" ws (value ("," ws value)*)? "]" ws
        string ::= "\"" ([^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
        ws     ::= | " " | "\n" [ \t]{0,20}
        """;

    [Theory]
    [InlineData(Calculation, "1 + 2 * (3 - -40.5)", true)]
    [InlineData(Calculation, "((((((0))))))", true)]
    [InlineData(Calculation, "12345", false)]
    [InlineData(Calculation, "(1", false)]
    [InlineData(Calculation, "1  + 2", false)]
    [InlineData(Json, "{\"a\": [1,true, {\"é\":\"\\u00e9\\n\"}]\n  }", true)]
    [InlineData(Json, "{\"a\": }", false)]
    [InlineData("root ::= \"\\x41\\u00e9\\U0001F600\\n\\]\"", "Aé😀\n]", true)]
    [InlineData("root ::= .{2}", "😀\n", true)]
    [InlineData("root ::= .{2}", "😀", false)]
    [InlineData("root ::= [^a-c]+ [a-]*", "xyza-", true)]
    [InlineData("root ::= [^a-c]+ [a-]*", "b", false)]
    [InlineData("root ::= (\n \"a\" | # one\n \"b\"\n)+", "abba", true)]
    [InlineData("root ::= x{2,3}\nx ::= \"ab\" | \"a\"", "abaab", true)]
    [InlineData("root ::= x{2,3}\nx ::= \"ab\" | \"a\"", "a", false)]
    [InlineData("root ::= x{1000}\nx ::= \"a\" y\ny ::= \"\"", "aaa", false)]
    [InlineData("root ::= (e* e?)* \"x\"\ne ::= \"a\"? b?\nb ::= (\"b\")*", "abax", true)]
    [InlineData("root ::= \"a\" | never\nnever ::= \"b\" never", "a", true)]
    [InlineData("root ::= \"a\" | never\nnever ::= \"b\" never", "b", false)]
    [InlineData("\r\nroot::=a\r\na::=\"x\"\r\n", "x", true)]
    [InlineData("root ::= \"\"", "", true)]
    public void Grammar_AcceptsItsTextsAlone(string grammar, string text, bool accepted) => Constraint.OfGrammar(grammar).Accepts(text).ShouldBe(accepted);

    [Theory]
    [InlineData("", "root")]
    [InlineData("start ::= \"a\"", "root")]
    [InlineData("root ::= x", "x, which is not defined")]
    [InlineData("root ::= root \"a\" | \"b\"", "root → root")]
    [InlineData("root ::= a \"b\"\na ::= c? root\nc ::= \"c\"", "begins with itself")]
    [InlineData("root ::= \"a\" root", "no finite text")]
    [InlineData("root ::= []", "no finite text")]
    [InlineData("root ::= \"a", "does not end")]
    [InlineData("root ::= \"a\nb\"", "line 1")]
    [InlineData("root ::= \"a\"\n\nroot ::= \"b\"", "defined twice")]
    [InlineData("root ::= (\"a\"", "expected ')'")]
    [InlineData("root ::= \"a\" )", "found ')'")]
    [InlineData("root ::= * \"a\"", "nothing to repeat")]
    [InlineData("root ::= \"a\"{3,2}", "at least 3")]
    [InlineData("root ::= \"\\q\"", "\\xNN")]
    [InlineData("root ::= \"\\ud800\"", "D800")]
    [InlineData("root ::= <[5]>", "tokens are not supported")]
    [InlineData("root = \"a\"", "expected ':'")]
    [InlineData("root ::= [z-a]", "ends before it starts")]
    [InlineData("root ::= \"a\"{9999999}", "up to 100000")]
    public void Grammar_ThatCannotBeFollowed_SaysWhy(string grammar, string part) =>
        Should.Throw<ConstraintException>(() => Constraint.OfGrammar(grammar)).Message.ShouldContain(part);

    [Fact]
    public void Grammar_OfDeepNesting_NeedsNoDeepStack()
    {
        // After every x any number of the y behind can be left out: 3,000 pieces end at once.
        var constraint = Constraint.OfGrammar("root ::= \"x\" root y | \"\"\ny ::= \"y\"?");
        constraint.Accepts(new string('x', 1_500) + new string('y', 900)).ShouldBeTrue();
        constraint.Accepts(new string('x', 10) + new string('y', 11)).ShouldBeFalse();
        var brackets = Constraint.OfGrammar("root ::= \"(\" root \")\" | \"\"");
        brackets.Accepts(new string('(', 100_000) + new string(')', 100_000)).ShouldBeTrue();
        brackets.Accepts(new string('(', 100_000) + new string(')', 99_999)).ShouldBeFalse();
    }

    [Fact]
    public void Grammar_ThatDoublesInEveryRule_IsFollowedAtOnce() =>
        Constraint.OfGrammar(Doubling(i => $"r{i} | r{i} | \"\"")).Accepts("aax").ShouldBeFalse();

    [Theory]
    [InlineData("\"a\"?")]
    [InlineData("\"\"")]
    public void Grammar_WhoseReadingsDoubleInEveryRule_IsRefusedAtOnce(string last) =>
        Should.Throw<ConstraintException>(() => Constraint.OfGrammar(Doubling(i => $"r{i} | (r{i} r{i})", last))).Message.ShouldContain("ways");

    [Fact]
    public void Grammar_OfAChainOfRules_IsBounded()
    {
        var rules = Enumerable.Range(0, 40_000).Select(i => $"r{i} ::= r{i + 1}\n");
        Should.Throw<ConstraintException>(() => Constraint.OfGrammar($"root ::= r0\n{string.Concat(rules)}r40000 ::= \"a\""))
            .Message.ShouldContain("begin with each other");
    }
}
