using Llama4.Structured.Schemas;

namespace Llama4.Structured.Tests;

public sealed class FormatAutomataTests
{
    /// <summary>Else a schema near the bound would be refused once and accepted from then on.</summary>
    [Theory]
    [InlineData("date-time")]
    [InlineData("ipv6")]
    public void Format_ThatIsKnownAlready_CostsASchemaAsMuchAsTheFirstTime(string format)
    {
        var regex = StringFormats.Regex(format).ShouldNotBeNull();
        var (first, second) = (new CompileBudget(), new CompileBudget());
        var automaton = FormatAutomata.Of(regex, first);
        FormatAutomata.Of(regex, second).ShouldBeSameAs(automaton);
        first.Spent.ShouldBeGreaterThan(0);
        second.Spent.ShouldBe(first.Spent);
    }
}
