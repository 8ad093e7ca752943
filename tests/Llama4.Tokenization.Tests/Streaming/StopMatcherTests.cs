using CsCheck;
using Llama4.Tokenization.Streaming;

namespace Llama4.Tokenization.Tests.Streaming;

public sealed class StopMatcherTests
{
    [Fact]
    public void Append_WhenAStopStringCrossesPieces_EndsBeforeIt()
    {
        var matcher = new StopMatcher(["\n\nUser:"]);
        matcher.Append("Hello\n").ShouldBe("Hello");
        matcher.Append("\nUs").ShouldBe("");
        matcher.IsStopped.ShouldBeFalse();
        matcher.Append("er: more").ShouldBe("");
        matcher.Found.ShouldBe("\n\nUser:");
        matcher.Append("anything").ShouldBe("");
        matcher.Flush().ShouldBe("");
    }

    [Fact]
    public void Append_WhenABeginningLeadsNowhere_GivesItOutAtOnce()
    {
        var matcher = new StopMatcher(["abab!"]);
        matcher.Append("xaba").ShouldBe("x");
        matcher.Append("c").ShouldBe("abac");
        matcher.Append("ababa").ShouldBe("ab");
        matcher.Flush().ShouldBe("aba");
    }

    [Fact]
    public void Append_WhenSeveralStopStringsEndTogether_TheLongestCounts()
    {
        var matcher = new StopMatcher(["c", "bc"]);
        matcher.Append("abcd").ShouldBe("a");
        matcher.Found.ShouldBe("bc");
    }

    [Fact]
    public void Append_WhereAStopStringMayNotEnd_LetsItPassAndLooksOn()
    {
        var matcher = new StopMatcher(["aba", "bb"]);
        matcher.Append("abab", mayStop: false).ShouldBe("ab", "the other ab may begin one that ends later");
        matcher.IsStopped.ShouldBeFalse();
        matcher.Append("a!").ShouldBe("");
        matcher.Found.ShouldBe("aba");
    }

    [Fact]
    public void Append_WhereAStopStringMayNotEnd_CountsNoneThatEndedThere()
    {
        var matcher = new StopMatcher(["bb"]);
        matcher.Append("abb", mayStop: false).ShouldBe("ab");
        matcher.Append("c").ShouldBe("bc");
        matcher.Flush().ShouldBe("");
        matcher.IsStopped.ShouldBeFalse();
    }

    [Fact]
    public void Append_WhenThereAreNoStopStrings_HoldsNothingBack() => new StopMatcher([]).Append("abc").ShouldBe("abc");

    [Fact]
    public void Constructor_WhenAStopStringIsEmpty_Throws() => Should.Throw<ArgumentException>(() => new StopMatcher(["a", ""]));

    [Fact]
    public void Append_HoweverTheTextIsCut_GivesWhatAPlainSearchFinds()
    {
        // Two letters and short stop strings, so that overlaps and false beginnings are the rule.
        var text = Gen.String[Gen.Char['a', 'b'], 0, 30];
        var stops = Gen.String[Gen.Char['a', 'b'], 2, 6].Array[0, 3];
        Gen.Select(text, stops, Gen.Int[0, 5].Array[31]).Sample((whole, stop, cuts) =>
        {
            var (expected, found) = PlainSearch(whole, stop);
            var matcher = new StopMatcher(stop);
            var given = "";
            var taken = 0;
            foreach (var cut in cuts.Append(int.MaxValue))
            {
                var piece = whole.Substring(taken, Math.Min(cut, whole.Length - taken));
                taken += piece.Length;
                given += matcher.Append(piece);

                // Never more is held back than could still become a stop string.
                var held = whole[..taken].Length - given.Length;
                (matcher.IsStopped || stop.Any(s => s.Length > held && s.StartsWith(whole[(taken - held)..taken], StringComparison.Ordinal)) || held == 0)
                    .ShouldBeTrue();
            }

            (given + matcher.Flush()).ShouldBe(expected);
            matcher.Found.ShouldBe(found);
        });
    }

    private static (string Text, string? Found) PlainSearch(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var found = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length);
            if (found is not null)
            {
                return (text[..(end - found.Length)], found);
            }
        }

        return (text, null);
    }
}
