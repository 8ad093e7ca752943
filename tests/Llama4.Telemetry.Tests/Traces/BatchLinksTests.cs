using System.Diagnostics;
using Llama4.Cluster.Spans;
using Llama4.Contracts;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>What a batch of experts says of whose rows are in it.</summary>
[Collection(nameof(Listeners))]
public class BatchLinksTests
{
    private static readonly HostId Self = new("self");

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5, 6 }, new[] { 0, 1, 2 })]
    [InlineData(new[] { 3 }, new int[0])] // of a request that is not sampled
    [InlineData(new[] { 2, 3 }, new[] { 0 })]
    [InlineData(new[] { 3, 4, 6 }, new[] { 1, 2 })]
    [InlineData(new[] { 5 }, new[] { 2 })]
    [InlineData(new int[0], new int[0])]
    public void Rows_OfAStep_AreThoseOfTheRequestsThatHaveThem(int[] rows, int[] requests)
    {
        var step = Step([new StepSpan(Span(0), 0, 3), new StepSpan(Span(1), 4, 1), new StepSpan(Span(2), 5, 2)]);

        StepRequests.Among(step, rows).ShouldBe(Array.ConvertAll(requests, Span));
    }

    [Fact]
    public void Rows_OfAStepWithoutSampledRequests_AreNobodys() => StepRequests.Among(Step(null), [0, 1]).ShouldBeEmpty();

    /// <summary>One question has a token in full depth, one has rows of sampled requests only, of one nobody asks anything.</summary>
    [Fact]
    public void Batch_OfSeveralQuestions_LinksToTheRequestsOfAll()
    {
        using var listener = OffTests.Listen();
        var ended = new List<Activity>();
        listener.ActivityStopped = ended.Add;
        using (var deep = new MergedRun(new QuestionSpans([Span(7)], [Span(1)]), Self, layer: 3, group: 1, rows: 2))
        using (var sampled = new MergedRun(new QuestionSpans([], [Span(2), Span(1), Span(3)]), Self, layer: 3, group: 1, rows: 4))
        {
            MergedRun.Start([deep, null, sampled], rows: 11);
            sampled.Rows.ShouldBe(11);
        }

        var span = ended.ShouldHaveSingleItem();
        span.ParentId.ShouldBe(Span(7).Id);
        span.Links.Select(link => link.Context.SpanId.ToString()).ShouldBe([Id(1), Id(2), Id(3)]);
        span.GetTagItem(SpanTags.Merged).ShouldBe(11);
        span.GetTagItem(SpanTags.Questions).ShouldBe(3);
    }

    private static SpanParent Span(int number) => new($"00-0af7651916cd43dd8448eb211c8031{number:00}-{Id(number)}-01", null);

    private static string Id(int number) => $"b7ad6b71692033{number:00}";

    private static StepPlan Step(StepSpan[]? spans) => new()
    {
        Step = 1, Slices = [], TokenIds = new int[7], Positions = new int[7], Chunked = new KvTables([], [], 0), Full = new KvTables([], [], 0), LogitRows = [], Spans = spans,
    };
}
