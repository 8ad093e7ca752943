using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>What comes out of an embedded cluster under constraints.</summary>
[Collection(nameof(ManyHosts))]
public sealed class ConstrainedAnswersTests : IClassFixture<OneCluster>
{
    private const string Question = "Turn this into JSON with the keys name, age, job: Stella is 20 years old and works as a doctor.";
    private readonly IGenerationClient _client;

    public ConstrainedAnswersTests(OneCluster cluster) => _client = cluster.Client;

    /// <summary>A mask takes away; where the model says what is allowed by itself, nothing changes.</summary>
    [Fact]
    public async Task Schema_ThatTheFreeAnswerFollows_ChangesNoToken()
    {
        var free = await _client.TokensAsync(Constrained.Ask(Question, null));

        var chunks = await _client.AskAsync(Constrained.Ask(Question, Constrained.Schema(Constrained.Person)));

        chunks.Select(chunk => chunk.Token!.Value).ShouldBe(free);
        var answer = JsonDocument.Parse(Constrained.Text(chunks, Constrained.Ask(Question, null))).RootElement;
        (answer.GetProperty("age").GetInt32(), answer.GetProperty("job").GetString()).ShouldBe((20, "doctor"));
        chunks[^1].Finish.ShouldBe(FinishReason.Stop);
    }

    [Fact]
    public async Task Schema_OnAQuestionForSomethingElse_IsFollowedAllTheSame()
    {
        var request = Constrained.Ask("Tell me a story.", Constrained.Schema("""{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":4}"""));

        var text = Constrained.Text(await _client.AskAsync(request), request);

        text.ShouldMatch("""^\[(true|false)(, ?(true|false)){1,3}\]$""");
    }

    [Theory]
    [InlineData(ConstraintKind.Regex, "[0-9]{3}-[a-f]{2}", "^[0-9]{3}-[a-f]{2}$")]
    [InlineData(ConstraintKind.Choice, """["certainly not","perhaps"]""", "^(certainly not|perhaps)$")]
    public async Task RegexAndChoice_AreFollowedToTheEnd(ConstraintKind kind, string text, string expected)
    {
        var request = Constrained.Ask("What is the capital of France?", new DecodingConstraint { Kind = kind, Text = text });

        var chunks = await _client.AskAsync(request);

        Constrained.Text(chunks, request).ShouldMatch(expected);
        chunks[^1].Finish.ShouldBe(FinishReason.Stop);
        request.StopIds.ShouldContain(chunks[^1].Token!.Value, "a stop id is drawn where nothing else may follow");
    }

    [Fact]
    public async Task Answer_CutByItsLength_SaysSo()
    {
        var request = Constrained.Ask(Question, Constrained.Schema(Constrained.Person), tokensMax: 5);

        var chunks = await _client.AskAsync(request);

        chunks[^1].Finish.ShouldBe(FinishReason.Length);
        chunks.Count(chunk => chunk.Token is not null).ShouldBe(5);
        Constrained.Text(chunks, request).ShouldStartWith("{");
    }

    /// <summary>Every sampler setting that could bring a forbidden token up or drop the allowed ones.</summary>
    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Sampling_HoweverItIsSet_DrawsOnlyWhatIsAllowed(SamplingSettings settings)
    {
        var request = Constrained.Ask("Tell me a story.", Constrained.Schema(Constrained.Person)) with { Sampling = settings, Seed = 7 };

        var text = Constrained.Text(await _client.AskAsync(request), request);

        JsonDocument.Parse(text).RootElement.GetProperty("age").GetInt32().ShouldBeInRange(0, 150);
    }

    public static TheoryData<SamplingSettings> Settings() =>
    [
        new SamplingSettings { Temperature = 2 },
        new SamplingSettings { Temperature = 1, TopK = 1 },
        new SamplingSettings { Temperature = 1, TopP = 0.001 },
        new SamplingSettings { Temperature = 1, MinP = 1 },
        new SamplingSettings { Temperature = 0, LogitBias = Enumerable.Range(0, 300).ToDictionary(id => id, _ => 100.0) },
        new SamplingSettings { Temperature = 1.5, RepetitionPenalty = 2, PresencePenalty = 2, FrequencyPenalty = 2 },
    ];

    [Fact]
    public async Task Choices_OfOneRequest_DifferAndEachFollowsTheSchema()
    {
        var request = Constrained.Ask("Give me a person.", Constrained.Schema(Constrained.Person)) with { Seed = 3, Sampling = new SamplingSettings { Temperature = 1.5 } };

        var texts = await Task.WhenAll(Enumerable.Range(0, 4).Select(async choice =>
            Constrained.Text(await _client.AskAsync(request with { Id = Guid.NewGuid(), Choice = choice }), request)));

        texts.Distinct().Count().ShouldBeGreaterThan(1);
        foreach (var text in texts)
            JsonDocument.Parse(text).RootElement.GetProperty("job").GetString().ShouldBeOneOf("doctor", "pilot", "teacher");
    }

    /// <summary>Told are the model's own: those of tokens that the constraint forbids as well.</summary>
    [Fact]
    public async Task Logprobs_AreThoseOfTheRawLogits()
    {
        var free = await _client.AskAsync(Constrained.Ask("Tell me a story.", null, 1) with { TopLogprobs = ScoutNano.Vocabulary });
        var bound = await _client.AskAsync(Constrained.Ask("Tell me a story.", Constrained.Schema(Constrained.Person), 1) with { TopLogprobs = ScoutNano.Vocabulary });

        bound[0].Token.ShouldNotBe(free[0].Token);
        Answers.Bits(bound).ShouldBe(Answers.Bits(free));
        bound[0].Logprob.ShouldBe(free[0].TopLogprobs!.Single(top => top.Id == bound[0].Token).Logprob);
    }

    [Fact]
    public async Task EndsLate_WhereTheAnswerMayEndOrGoOn_GoesOn()
    {
        var constraint = new DecodingConstraint { Kind = ConstraintKind.Regex, Text = "(ab){1,20}" };
        var late = Constrained.Ask("What is the capital of France?", constraint with { EndsLate = true });

        var chunks = await _client.AskAsync(late);

        Constrained.Text(chunks, late).ShouldBe(string.Concat(Enumerable.Repeat("ab", 20)));
        chunks[^1].Finish.ShouldBe(FinishReason.Stop);
    }

    [Fact]
    public async Task StopId_ThatIsText_IsDrawnOnlyWhereTheAnswerEnds()
    {
        var letter = Constrained.Tokenizer.Encode("a").ShouldHaveSingleItem();
        var request = Constrained.Ask(Question, new DecodingConstraint { Kind = ConstraintKind.Regex, Text = "[ab]{3}" }) with { StopIds = [letter] };

        var chunks = await _client.AskAsync(request);

        Constrained.Text(chunks, request).ShouldMatch("^[ab]{3}$");
        (chunks[^1].Finish, chunks[^1].Token).ShouldBe((FinishReason.Stop, letter));
    }

    [Theory]
    [InlineData("""{"type":"strnig"}""", "type")]
    [InlineData("{", "schema")]
    [InlineData("""{"type":"string","$dynamicRef":"#a"}""", "$dynamicRef")]
    public async Task Constraint_ThatCannotBeEnforced_EndsItsRequestWithTheReason(string schema, string keyword)
    {
        var chunks = await _client.AskAsync(Constrained.Ask("Hello", Constrained.Schema(schema)));

        var end = chunks.ShouldHaveSingleItem();
        end.Finish.ShouldBe(FinishReason.Error);
        end.Error!.ShouldStartWith(keyword);
    }

    [Fact]
    public async Task Constraint_WithoutAStopId_EndsWithAnErrorThatNamesIt()
    {
        var chunks = await _client.AskAsync(Constrained.Ask("Hello", new DecodingConstraint { Kind = ConstraintKind.Choice, Text = """["yes"]""" }) with { StopIds = [] });

        chunks[^1].Finish.ShouldBe(FinishReason.Error);
        chunks[^1].Error!.ShouldContain("no stop id");
        (await _client.TokensAsync(Constrained.Ask("Hello", null, 3))).ShouldNotBeEmpty("its neighbours and successors go on");
    }

    /// <summary>As a gateway submits it again after a failover.</summary>
    [Fact]
    public async Task Emitted_AreFollowedThroughTheConstraint()
    {
        var request = Constrained.Ask("Tell me a story.", Constrained.Schema(Constrained.Person)) with { Sampling = new SamplingSettings { Temperature = 1.2 }, Seed = 11 };
        var whole = await _client.TokensAsync(request);

        foreach (var emitted in new[] { 1, whole.Length / 2, whole.Length - 1 })
        {
            var rest = await _client.TokensAsync(request with { Id = Guid.NewGuid(), Emitted = whole[..emitted] });
            rest.ShouldBe(whole[emitted..]);
        }
    }

    [Fact]
    public async Task Emitted_ThatDoNotFollowTheConstraint_EndWithAnErrorThatNamesTheToken()
    {
        var chunks = await _client.AskAsync(Constrained.Ask("Hello", Constrained.Schema(Constrained.Person)) with { Emitted = [.. Constrained.Tokenizer.Encode("Hi")] });

        chunks[^1].Finish.ShouldBe(FinishReason.Error);
        chunks[^1].Error!.ShouldContain("does not follow");
    }
}

/// <summary>One embedded cluster of scout-nano.</summary>
public sealed class OneCluster : IAsyncLifetime
{
    private EmbeddedCluster? _cluster;

    public IGenerationClient Client => _cluster!.Client;

    public async ValueTask InitializeAsync() => _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

    public ValueTask DisposeAsync() => _cluster!.DisposeAsync();
}
