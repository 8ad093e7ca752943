namespace Llama4.Structured.Tests;

public sealed class RegexTests
{
    [Fact]
    public void Regex_OfEveryGoldenCase_AcceptsWhatTheReferenceAccepts()
    {
        var cases = GoldenLines.Read("regex.jsonl.gz");
        cases.Count.ShouldBe(177);
        var wrong = new List<string>();
        foreach (var line in cases)
        {
            var regex = line.GetProperty("regex").GetString()!;
            var constraint = Constraint.OfRegex(regex);
            foreach (var (name, expected) in (ReadOnlySpan<(string, bool)>)[("accept", true), ("reject", false)])
            {
                wrong.AddRange(line.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)
                    .Where(text => constraint.Accepts(text) != expected).Select(text => $"{regex} {name} {text}"));
            }
        }

        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("(a", "expected ')'")]
    [InlineData("[b-a]", "ends before it starts")]
    [InlineData("a**", "nothing to repeat")]
    [InlineData("(a)\\1", "back references")]
    [InlineData("(?=a)b", "lookahead")]
    [InlineData("\\bcat", "word boundaries")]
    [InlineData("a{3,2}", "at least 3")]
    [InlineData("[", "']'")]
    [InlineData("[^\\s\\S]", "no text")]
    public void Regex_ThatCannotBeEnforced_SaysWhy(string regex, string part) =>
        Should.Throw<ConstraintException>(() => Constraint.OfRegex(regex)).Message.ShouldContain(part);

    [Theory]
    [InlineData("(?:(?:(?:a{100}){100}){100}){100}")]
    [InlineData("(?:a|b)*a(?:a|b){40}")]
    [InlineData("a{100000}")]
    public void Regex_ThatNeedsTooMuch_IsRefusedSoon(string regex)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Should.Throw<ConstraintException>(() => Constraint.OfRegex(regex)).Message.ShouldContain("too large");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10)); // a tenth of it on an idle machine
    }
}
