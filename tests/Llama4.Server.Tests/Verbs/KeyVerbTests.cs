using Llama4.Gateway.Keys;

namespace Llama4.Server.Tests.Verbs;

public class KeyVerbTests
{
    [Fact]
    public async Task New_PrintsTheKeyOnceAndItsLineForTheFile()
    {
        var run = await Llama4Run.OfAsync("key", "new", "--name", "alice", "--requests-per-minute", "60", "--concurrent", "4");

        var line = run.Lines.ShouldHaveSingleItem();
        var key = run.Error.Trim().Split(' ')[^1];
        line.ShouldNotContain(key);
        ApiKeys.OfText(line, "line").Keys.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            read => read.Name.ShouldBe("alice"),
            read => read.Digest.ShouldBe(ApiKey.DigestOf(key)),
            read => read.Limits.ShouldBe(new KeyLimits(RequestsPerMinute: 60, Concurrent: 4)));
    }

    [Fact]
    public async Task New_WithoutAName_MakesOneUp()
    {
        var run = await Llama4Run.OfAsync("key", "new");
        ApiKeys.OfText(run.Output, "line").Keys.ShouldHaveSingleItem().Name.ShouldStartWith("key-");
    }

    [Theory]
    [InlineData("key", "Required command")]
    [InlineData("key new --name a/b", "--name: expected 1 to 64 letters")]
    [InlineData("key new --concurrent 0", "--concurrent: expected at least 1, found 0")]
    public async Task Key_OfWhatCannotBe_IsOneLine(string line, string message) =>
        (await Llama4Run.OfAsync(line.Split(' '))).ShouldFailWith(CommandLine.Usage, message);

    [Fact]
    public async Task Help_OfTheVerbsVerb_ShowsItsOptions() =>
        (await Llama4Run.OfAsync("key", "new", "--help")).Output.ShouldContain("--requests-per-minute");
}
