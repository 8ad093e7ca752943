using System.IO.Compression;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Tests.Scenarios;

public class SessionTests
{
    private static readonly Draws Any = new(1);

    [Fact]
    public void Session_FollowsFromSeedAndArrival()
    {
        var scenario = ScenarioFile.Load(Path.Combine(TestScenarios.Folder, "mixed.yaml"));

        foreach (var index in Enumerable.Range(0, 50))
        {
            Text(Session.Of(scenario, new Arrival(index, 0))).ShouldBe(Text(Session.Of(scenario, new Arrival(index, 9))));
        }

        Enumerable.Range(0, 50).Select(index => Text(Session.Of(scenario, new Arrival(index, 0)))).Distinct().Count().ShouldBeGreaterThan(40);
        Text(Session.Of(scenario with { Seed = 2 }, new Arrival(0, 0))).ShouldNotBe(Text(Session.Of(scenario, new Arrival(0, 0))));
    }

    [Fact]
    public void Recorded_HasItsLengths()
    {
        var turn = Session.Of(new Scenario { Name = "x", Arrivals = new() }, new Arrival(3, 0, new Lengths(17, 5))).Turns.ShouldHaveSingleItem();

        turn.Content.GetValue<string>().Split(' ').Length.ShouldBe(17);
        turn.MaxTokens.ShouldBe(5);
    }

    [Fact]
    public void Prefixes_AreFewAndSharedAndTheFirstIsTheMostFrequent()
    {
        var part = new PrefixPart { Prefixes = 4, PrefixTokens = new(50, 90), PromptTokens = new(3, 3), AnswerTokens = new(2, 2) };

        var systems = Enumerable.Range(0, 400).Select(i => part.Make(new Draws(1, (ulong)i), seed: 1).System!).CountBy(system => system).ToDictionary();

        systems.Count.ShouldBe(4);
        systems.Keys.ShouldAllBe(system => system.Split(' ').Length >= 50 && system.Split(' ').Length <= 90);
        ((double)systems.Values.Max() / systems.Values.Min()).ShouldBeGreaterThan(2.5); // Zipf: 1 to 1/4
    }

    [Fact]
    public void Images_ArePngs()
    {
        var content = new ImagesPart { Pixels = new(40, 40), Pictures = 2 }.Make(Any, 1).Turns[0].Content.AsArray();

        content.Count.ShouldBe(3);
        var url = content[0]!["image_url"]!["url"]!.GetValue<string>();
        var png = Convert.FromBase64String(url["data:image/png;base64,".Length..]);
        png.AsSpan(0, 8).ToArray().ShouldBe([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        png.AsSpan(^8).ToArray().ShouldBe([0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]); // IEND and its known checksum
        var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        using var rows = new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        var pixels = new MemoryStream();
        rows.CopyTo(pixels);
        pixels.Length.ShouldBe(40 * (1 + (3 * 40)));
    }

    [Theory]
    [InlineData("It is Paris.", true)]
    [InlineData("paris", true)]
    [InlineData("Comparison", false)]
    [InlineData("Parisian", false)]
    [InlineData("Parisian Paris", true)]
    [InlineData("", false)]
    public void Question_IsAnsweredByWholeWords(string answer, bool isRight) => new Question("?", "Paris").IsRight(answer).ShouldBe(isRight);

    [Fact]
    public void Structured_IsRightWithTheSentencesValuesOnly()
    {
        var session = new StructuredPart().Make(new Draws(1), 1);
        var turn = session.Turns[0];
        var said = turn.Content.GetValue<string>().Split(": ")[1].Split(' '); // NAME is AGE years old.

        session.Fields["response_format"]!["type"]!.GetValue<string>().ShouldBe("json_schema");
        turn.IsRight!($$"""{"age": {{said[2]}}, "name": "{{said[0]}}"}""").ShouldBeTrue();
        turn.IsRight($$"""{"age": {{said[2]}}, "name": "Nobody"}""").ShouldBeFalse();
        turn.IsRight($$"""{"age": {{said[2]}}""").ShouldBeFalse();
    }

    private static string Text(Session session) => $"{session.Part} {session.System} {string.Join('|', session.Turns.Select(turn => $"{turn.Content.ToJsonString()} {turn.MaxTokens} {turn.ThinkSeconds}"))}";
}
