using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Pictures in prompts: one of two tiles and the global one, of levels made by rule, in the middle of a prompt of some 90 tokens.</summary>
[Collection(nameof(ManyHosts))]
public class PicturesTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;
    private const int Side = 112, RowsOfTile = 16, Tiles = 3, PatchId = 2044, FirstPatch = 11;

    [Fact]
    public async Task Answer_ToAPicture_HasTheSameBitsHoweverTheModelIsSpreadAndWhateverComesWithIt()
    {
        var before = PooledPayload.Outstanding;
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Attention | HostRoles.Engine, HostRoles.Experts));
        var (request, other) = (Ask(1), Ask(2));

        var expected = Answers.Bits(await one.Client.AskAsync(request));
        var answers = await Task.WhenAll(
            new[] { request, other, request, Answers.Greedy([1, 2, 3], 12) with { TopLogprobs = ScoutNano.Vocabulary } }
                .Select(asked => many.Client.AskAsync(asked with { Id = Guid.NewGuid() })));

        Answers.Bits(answers[0]).ShouldBe(expected);
        Answers.Bits(answers[2]).ShouldBe(expected);
        Answers.Bits(answers[1]).ShouldNotBe(expected, "another picture");
        await Answers.GivenBackAsync(before);
    }

    /// <summary>The tokens of both prompts are the same: only what the picture shows tells them apart.</summary>
    [Fact]
    public async Task Question_OnTheSamePicture_TakesWhatIsComputedAndOnAnotherNothingFromThePictureOn()
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

        var first = await one.Client.AskAsync(Ask(1));
        var again = await one.Client.AskAsync(Ask(1));
        var other = await one.Client.AskAsync(Ask(2));

        again[^1].CachedTokens.ShouldBeGreaterThan(FirstPatch + Tiles * RowsOfTile);
        other[^1].CachedTokens.ShouldBeLessThanOrEqualTo(FirstPatch);
        Answers.Bits(again).ShouldBe(Answers.Bits(first));
        Answers.Bits(other).ShouldNotBe(Answers.Bits(first));
    }

    /// <summary>The picture has rows in the first block of 32 and ends with the second: 64 tokens that the second question has in common with the first.</summary>
    [Fact]
    public async Task SecondQuestion_OnAPicture_RunsNeitherTowerNorPrefillOfItAgain()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any));
        var tower = hosts.Host(hosts.Ids[0]).Weights.Vision!;

        var first = (await hosts.Client.AskAsync(Question(1, 300)))[^1].CachedTokens;
        var afterFirst = tower.TilesDone;
        var second = (await hosts.Client.AskAsync(Question(1, 400)))[^1].CachedTokens;
        var afterSecond = tower.TilesDone;
        var other = (await hosts.Client.AskAsync(Question(2, 300)))[^1].CachedTokens;

        (first, second, other).ShouldBe((0, 16 + Tiles * RowsOfTile, 0));
        (afterFirst, afterSecond, tower.TilesDone).ShouldBe((Tiles, Tiles, 2 * Tiles));

        static GenerateRequest Question(int picture, int words)
        {
            var asked = Ask(picture);
            return asked with
            {
                Prompt = [.. Enumerable.Range(100, 16), .. Enumerable.Repeat(PatchId, Tiles * RowsOfTile), .. Enumerable.Range(words, 30)],
                Images = [asked.Images[0] with { Spans = [new ImageSpan(16, Tiles * RowsOfTile)] }],
            };
        }
    }

    [Theory]
    [InlineData(Tiles + 1, "expected 4 tiles of 37632 levels each, at least one, found 112896 levels")]
    [InlineData(0, "expected 0 tiles of 37632 levels each, at least one, found 112896 levels")]
    public async Task Picture_ThatTheTowerCannotTake_EndsItsRequestAlone(int tiles, string why)
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        var wrong = Ask(1);

        var chunks = await one.Client.AskAsync(wrong with { Images = [wrong.Images[0] with { Tiles = tiles }] });

        chunks.ShouldHaveSingleItem().Finish.ShouldBe(FinishReason.Error);
        chunks[0].Error!.ShouldContain(why);
        (await one.Client.TokensAsync(Ask(1))).ShouldNotBeEmpty();
    }

    internal static GenerateRequest Ask(int picture)
    {
        var levels = new byte[Tiles * 3 * Side * Side];
        for (var i = 0; i < levels.Length; i++)
            levels[i] = (byte)(i / 7 * picture);
        int[] prompt = [ScoutNano.Bos, .. Enumerable.Range(100, FirstPatch - 1), .. Enumerable.Repeat(PatchId, Tiles * RowsOfTile), .. Enumerable.Range(300, 30)];
        return Answers.Greedy(prompt, 12) with
        {
            TopLogprobs = ScoutNano.Vocabulary,
            Images = [new RequestImage { Tiles = Tiles, Levels = levels, Spans = [new ImageSpan(FirstPatch, Tiles * RowsOfTile)] }],
        };
    }
}
