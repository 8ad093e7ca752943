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
    [InlineData("^?a", "'?' has nothing to repeat (character 1 of the regex)")]
    [InlineData("a$*", "nothing to repeat")]
    [InlineData("\\b{2}a", "nothing to repeat")]
    [InlineData("(?=a)+a", "nothing to repeat")]
    [InlineData("(?:(?=a))?a", "lookahead")]
    [InlineData("b(^)+a", "no text")]
    [InlineData("(a)\\1", "back references")]
    [InlineData("(?=a)b", "no text")]
    [InlineData("a(?=b)b", "lookahead")]
    [InlineData("(?<=a)b", "lookbehind")]
    [InlineData("\\p{Script=Greek}", "Script=Greek")]
    [InlineData("\\b", "no text")]
    [InlineData("a{3,2}", "at least 3")]
    [InlineData("[", "']'")]
    [InlineData("[^\\s\\S]", "no text")]
    public void Regex_ThatCannotBeEnforced_SaysWhy(string regex, string part) =>
        Should.Throw<ConstraintException>(() => Constraint.OfRegex(regex)).Message.ShouldContain(part);

    [Theory]
    [InlineData(@"\bcat\b.*", "cat", true)]
    [InlineData(@"\bcat\b.*", "cat nap", true)]
    [InlineData(@"\bcat\b.*", "cats", false)]
    [InlineData(@".*\Bcat\b", "tomcat", true)]
    [InlineData(@".*\Bcat\b", "a cat", false)]
    [InlineData(@"(?:\b[a-z]+\b,?)+", "ab,c", true)]
    [InlineData(@"\B", "", true)]
    [InlineData(@"é\ba", "éa", true)]
    [InlineData(@"(?=.*\d)(?=.*[a-z])(?!.*x)[a-z\d]{3,}", "ab1", true)]
    [InlineData(@"(?=.*\d)(?=.*[a-z])(?!.*x)[a-z\d]{3,}", "abc", false)]
    [InlineData(@"(?=.*\d)(?=.*[a-z])(?!.*x)[a-z\d]{3,}", "1x2", false)]
    [InlineData(@"^(?!a$)[ab]*$", "a", false)]
    [InlineData(@"^(?!a$)[ab]*$", "ab", true)]
    [InlineData(@"\p{Lu}\p{Ll}+\P{L}", "Élan!", true)]
    [InlineData(@"\p{Lu}\p{Ll}+\P{L}", "élan!", false)]
    [InlineData(@"[\p{Nd}_]+", "٣_4", true)]
    public void Regex_OfAssertionsAndProperties_MatchesAsEcmaScriptDoes(string regex, string text, bool accepted) =>
        Constraint.OfRegex(regex).Accepts(text).ShouldBe(accepted);

    /// <summary>A group of assertions repeats as any group does; where it need not stand, it asserts nothing.</summary>
    [Theory]
    [InlineData("(?:^)?a", "a", true)]
    [InlineData("(^)?a", "a", true)]
    [InlineData("(?<start>^){2}a", "a", true)]
    [InlineData("b(?:^)?a", "ba", true)]
    [InlineData("b(?:^)*a", "ba", true)]
    [InlineData("(?:b(?:^)+|c)a", "ba", false)]
    [InlineData("(?:$)?", "", true)]
    [InlineData("a(?:$|b)*", "abb", true)]
    [InlineData("a(?:$){2}b?", "a", true)]
    [InlineData("a(?:$){2}b?", "ab", false)]
    [InlineData("a(\\b)?a", "aa", true)]
    [InlineData("a(\\B){1,}a", "aa", true)]
    [InlineData("a(?:(\\b)+a|b)", "aa", false)]
    public void Regex_OfGroupsOfAssertions_Repeats(string regex, string text, bool accepted) =>
        Constraint.OfRegex(regex).Accepts(text).ShouldBe(accepted);

    [Theory]
    [InlineData("(?:^)?a", "\"ba\"", true)]
    [InlineData("(?:^)+a", "\"ba\"", false)]
    [InlineData("a($)?", "\"ab\"", true)]
    public void Pattern_OfGroupsOfAssertions_SearchesSo(string pattern, string text, bool accepted)
    {
        using var schema = System.Text.Json.JsonDocument.Parse($$"""{"type":"string","pattern":"{{pattern}}"}""");
        Constraint.OfSchema(schema.RootElement).Accepts(text).ShouldBe(accepted);
    }

    [Fact]
    public void Regex_OfHalfASurrogatePair_IsRefused() =>
        Should.Throw<ConstraintException>(() => Constraint.OfRegex("a\ud800")).Message.ShouldContain("surrogate");

    [Theory]
    [InlineData("(?:(?:(?:a{100}){100}){100}){100}")]
    [InlineData("(?:a|b)*a(?:a|b){40}")]
    [InlineData("a{100000}")]
    public void Regex_ThatNeedsTooMuch_IsRefusedSoon(string regex)
    {
        var before = Machine.ThreadTime();
        Should.Throw<ConstraintException>(() => Constraint.OfRegex(regex)).Message.ShouldContain("too large");
        (Machine.ThreadTime() - before).ShouldBeLessThan(TimeSpan.FromSeconds(10)); // a tenth of it on most machines
    }
}
