using System.Diagnostics;
using Llama4.Cluster;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Tests;
using Llama4.Contracts;
using Llama4.Gateway.Telemetry.Spans;
using Llama4.Scheduling;
using Microsoft.AspNetCore.Http;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>Alone in the process: whoever listens would be heard by all.</summary>
[CollectionDefinition(nameof(Listeners), DisableParallelization = true)]
public class Listeners;

/// <summary>Without a listener nothing is recorded, and nothing made for it.</summary>
[Collection(nameof(Listeners))]
public class OffTests
{
    private const int Calls = 1000;

    private static readonly SpanParent Sampled = new("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null);
    private static readonly HostId Self = new("self");

    /// <summary>All that a step, a stage, a drawing, a request and its answer ask, as they ask it, of requests that are sampled elsewhere too.</summary>
    [Fact]
    public void Hooks_WithoutAListener_AllocateNothing()
    {
        SpanSources.Cluster.HasListeners().ShouldBeFalse("some other test listens");
        var (scheduler, step) = StepOf(Request(Sampled));
        var sequences = new SequenceSpans(Self, 0);
        sequences.Add(Guid.NewGuid(), Request(Sampled));
        var told = step with { Spans = [new StepSpan(Sampled, 0, 4)] };
        TokenDraw[] draws = [new TokenDraw(new SamplingSettings(), default, default, 1, 0, 0, null) { Span = Sampled, IsDeep = true }];
        var http = new DefaultHttpContext();
        http.Request.Headers.TraceParent = Sampled.Id;
        var found = 0;

        Ask();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < Calls; call++)
        {
            Ask();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        found.ShouldBe(0);
        http.Response.Headers.Count.ShouldBe(0);

        void Ask()
        {
            found += sequences.AreOpen ? 1 : 0;
            found += StepSpans.Of(step, scheduler, sequences, default) is null ? 0 : 1;
            found += StepRequests.Among(step, step.LogitRows).Length;
            found += StageSpans.Of(told, Self, 0, 8) is null ? 0 : 1;
            found += DrawSpans.Of(draws, Self) is null ? 0 : 1;
            found += LayerSpans.Of(Sampled, isMoe: true) is null ? 0 : 1;
            found += RequestSpan.Start(http, "chat") is null ? 0 : 1;
            found += RequestSpan.Start("chat", Sampled) is null ? 0 : 1;
            found += RequestSpan.Current is null ? 0 : 1;
            found += EmitSpans.Current is null ? 0 : 1;
            sequences.End(Guid.Empty);
        }
    }

    /// <summary>The same hooks with a listener do find something: else the test above would say nothing.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public void Hooks_WithAListener_Record(int? promptLogprobs)
    {
        using var listener = Listen();
        var request = Request(Sampled) with { PromptLogprobs = promptLogprobs };
        var (scheduler, step) = StepOf(request);
        var sequences = new SequenceSpans(Self, 0);
        sequences.Add(request.Id, request);

        var spans = StepSpans.Of(step, scheduler, sequences, DateTime.UtcNow).ShouldNotBeNull();
        var draws = new TokenDraw[step.LogitRows.Length];
        draws.Length.ShouldBe(promptLogprobs is null ? 1 : request.Prompt.Length);
        var told = spans.Mark(step, draws);
        draws[^1].Span.ShouldBe(told.Spans.ShouldHaveSingleItem().Span);
        draws[..^1].ShouldAllBe(draw => draw.Span == null); // the span's token is the one that is drawn
        StageSpans.Of(told, Self, 0, 8).ShouldNotBeNull().Below(draws[^1].Span).ShouldNotBeNull();
        DrawSpans.Of(draws, Self).ShouldNotBeNull();
        Activity.Current.ShouldBeNull();
    }

    /// <summary>In a whole cluster: a request that is sampled elsewhere goes without a trace here, and its tokens are those of one that is not.</summary>
    [Fact]
    public async Task Cluster_WithAndWithoutAListener_GivesTheSameBits()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = Path.Combine(AppContext.BaseDirectory, "models", "scout-nano") });
        var off = await cluster.Client.AskAsync(Request(Sampled));
        var before = FullDepth.Every;
        FullDepth.Every = 1;
        try
        {
            using var listener = Listen();
            var on = await cluster.Client.AskAsync(Request(Sampled));

            Bits(on).ShouldBe(Bits(off));
            off.ShouldAllBe(chunk => chunk.Span == null && chunk.Path == null);
            on.Where(chunk => chunk.Token is not null).ShouldAllBe(chunk => chunk.Span != null && chunk.Path == null);
        }
        finally
        {
            FullDepth.Every = before;
        }

        static long[] Bits(IEnumerable<TokenChunk> chunks) => [.. chunks.SelectMany(chunk => new[] { chunk.Token ?? -1L, BitConverter.DoubleToInt64Bits(chunk.Logprob ?? 0) })];
    }

    [Fact]
    public void FullDepth_OfOneTokenInFour_HasTheSecondOfEach()
    {
        var before = FullDepth.Every;
        try
        {
            FullDepth.Read("4");
            Enumerable.Range(0, 12).Where(FullDepth.Has).ShouldBe([1, 5, 9]);
            FullDepth.Read("1");
            Enumerable.Range(0, 3).Where(FullDepth.Has).ShouldBe([0, 1, 2]);
            FullDepth.Read("0");
            Enumerable.Range(0, 1000).ShouldNotContain(index => FullDepth.Has(index));
            FullDepth.Read(null);
            FullDepth.Every.ShouldBe(0);
            Should.Throw<ArgumentException>(() => FullDepth.Read("every")).Message.ShouldStartWith("LLAMA4_TRACE_TOKENS: expected a number of tokens");
            Should.Throw<ArgumentException>(() => FullDepth.Read("-1"));
        }
        finally
        {
            FullDepth.Every = before;
        }
    }

    internal static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is SpanSources.ClusterName or SpanSources.GatewayName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static GenerateRequest Request(SpanParent? span) => new()
    {
        Id = Guid.NewGuid(), Prompt = [1952, 5, 6, 7], TokensMax = 12, Sampling = new SamplingSettings { Temperature = 0 }, TopLogprobs = 1, Span = span,
    };

    private static (BatchScheduler Scheduler, StepPlan Step) StepOf(GenerateRequest request)
    {
        var limits = new SchedulerLimits { ContextMax = 128 };
        var scheduler = new BatchScheduler(limits, new KvSizes(16, 64, 16, 16), new MicroBatchPolicy(1, false, 1));
        scheduler.Submit(request).Result.Status.ShouldBe(SubmitStatus.Accepted);
        return (scheduler, scheduler.Next()!);
    }
}
