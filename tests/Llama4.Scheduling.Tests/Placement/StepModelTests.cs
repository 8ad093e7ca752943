using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>Predictions against figures worked out by hand from the sizes of Scout.</summary>
public class StepModelTests
{
    private const long GB = 1_000_000_000;
    private const double Control = 48 * 15e-6;

    /// <summary>Bytes of a layer that every row is multiplied with, without the shared expert.</summary>
    private const double AttentionBytes = 2 * (62_914_560 + 81_920 + (2 * 5120));

    private const double Expert = 251_658_240;
    private const double Output = 2 * 1_034_485_760.0;
    private const double Read = 3.35e12;

    /// <summary>One host, one row: all that is read is read once, attention after shared and routed expert, layer after layer.</summary>
    [Fact]
    public void Predict_OfOneRowOnOneHost_IsItsBytesThroughTheBandwidth()
    {
        var request = Request(1, 512);
        var step = new StepModel(request, PlacementPlanner.Plan(request)).Predict(1);

        var kv = 48 * 512 * 4096.0;
        var seconds = (((48 * (AttentionBytes + (2 * Expert))) + kv + Output) / Read) + Control;
        step.StepS.ShouldBe(seconds, seconds * 1e-9);
        (step.Resource, step.Host?.Name, step.OneAfterAnother, step.MicroBatches).ShouldBe((StepResource.MemoryBandwidth, "host-0", true, 1));
        step.TokensPerS.ShouldBe(1 / seconds, 1e-6);
    }

    /// <summary>64 rows touch 16 (1 - (15/16)^64) = 15.743 experts of a layer.</summary>
    [Fact]
    public void Predict_OfABatchOnOneHost_ReadsEachTouchedExpertOnce()
    {
        var request = Request(1, 512);
        var step = new StepModel(request, PlacementPlanner.Plan(request)).Predict(64);

        var touched = 16 * (1 - Math.Pow(15.0 / 16, 64));
        touched.ShouldBe(15.743, 0.001);
        var seconds = (((48 * (AttentionBytes + Expert + (touched * Expert))) + (64 * 48 * 512 * 4096.0) + Output) / Read) + Control;
        step.StepS.ShouldBe(seconds, seconds * 1e-9);
    }

    /// <summary>Attention on one host, all experts on another: each layer costs a round trip, and the shared expert is hidden behind it.</summary>
    [Fact]
    public void Predict_OfOneRowWithExpertsElsewhere_AddsARoundTripALayer()
    {
        var request = Request(2, 512);
        var plan = Apart(request);
        var step = new StepModel(request, plan).Predict(1);

        var roundTrip = (2 * 30e-6) + (2 * 10_240 / 50e9) + (Expert / Read);
        var seconds = (((48 * AttentionBytes) + (48 * 512 * 4096.0) + Output) / Read) + Control + (48 * roundTrip);
        step.StepS.ShouldBe(seconds, seconds * 1e-9);
        step.OneAfterAnother.ShouldBeTrue();
    }

    /// <summary>With experts elsewhere and many rows the expert host is always busy: 48 layers of 16 experts for each of two micro-batches.</summary>
    [Fact]
    public void Predict_WhenTheExpertHostIsAlwaysBusy_NamesIt()
    {
        HostCapacity[] hosts = PlanCases.Alike(2, 400 * GB, PlanCases.H100);
        hosts[1] = hosts[1] with { Speed = PlanCases.H100 with { ReadBytesPerS = 100e9, LinkLatencyS = 1e-6 } };
        hosts[0] = hosts[0] with { Speed = PlanCases.H100 with { LinkLatencyS = 1e-6 } };
        var request = Request(2, 512) with { Hosts = hosts };

        var step = new StepModel(request, Apart(request)).Predict(256);

        (step.Resource, step.Host?.Name).ShouldBe((StepResource.MemoryBandwidth, "host-1"));
        step.StepS.ShouldBeGreaterThan(48 * 16 * 0.99 * Expert / 100e9);
    }

    [Fact]
    public void Predict_OfABatchFourTimesAsLarge_NeverTakesLessTime()
    {
        var request = Request(8, 8192) with { Hosts = PlanCases.Alike(8, 80 * GB, PlanCases.H100) };
        var model = new StepModel(request, PlacementPlanner.Plan(request));

        double[] steps = [.. new[] { 1, 4, 16, 64, 256 }.Select(batch => model.Predict(batch).StepS)];

        steps.ShouldBe(steps.Order());
    }

    [Fact]
    public void Memory_OfScoutOnEightHosts_AddsUpToItsCheckpoint()
    {
        var request = new PlacementRequest(PlanCases.Scout, PlanCases.Alike(8, 80 * GB, PlanCases.H100), Work(8192, 64), 1);
        var memory = HostMemory.Of(request, PlacementPlanner.Plan(request));

        memory.Sum(host => host.Weights).ShouldBe(2 * 107_769_861_120);
        memory.Sum(host => host.ExpertWeights).ShouldBe(768 * 251_658_240L);
        memory.Sum(host => host.Kv).ShouldBe(64 * 48 * 8192 * 4096L);
        memory.ShouldAllBe(host => host.Total <= 80 * GB);
    }

    /// <summary>36 layers keep a chunk, 1.125 GiB a sequence; 12 grow by 49,152 bytes a token.</summary>
    [Fact]
    public void Memory_BeyondTheChunk_GrowsInFullLayersOnly()
    {
        var request = new PlacementRequest(PlanCases.Scout, PlanCases.Alike(1, 400 * GB), Work(131_072, 2), 1);

        HostMemory.Of(request, PlacementPlanner.Plan(request))[0].Kv.ShouldBe(2 * ((long)(1.125 * (1L << 30)) + (49_152L * 131_072)));
    }

    /// <summary>10,240 bytes to the experts and back in each of 48 layers, and the rows' way from the vocabulary and back to it.</summary>
    [Fact]
    public void Links_WithExpertsElsewhere_Carry10240BytesALayerEachWay()
    {
        var request = Request(2, 512);

        LinkTraffic.Of(request, Apart(request)).ShouldBe(
        [
            new LinkTraffic(0, new HostId("host-0"), new HostId("host-1"), 48 * 10_240, 0),
            new LinkTraffic(0, new HostId("host-1"), new HostId("host-0"), 48 * 10_240, 0),
        ]);
    }

    [Fact]
    public void Links_BetweenStages_CarryARowOnce()
    {
        var request = Request(3, 512);
        HostId a = new("host-0"), b = new("host-1"), c = new("host-2");
        var plan = new PlacementPlan(1, a, c, [.. Enumerable.Range(0, 48).Select(i => new LayerPlacement(i, i < 24 ? a : b, [new(0, 0, 16, i < 24 ? a : b)]))]);

        LinkTraffic.Of(request, plan).ShouldBe([new LinkTraffic(0, a, b, 0, 10_240), new LinkTraffic(0, b, c, 0, 10_240), new LinkTraffic(0, c, a, 0, 10_240)]);
    }

    [Fact]
    public void Advice_OfAPlan_NamesWhatLimitsItAndWhatTwiceOfItGives()
    {
        var request = Request(1, 512) with { Work = Work(512, 8) };
        var plan = PlacementPlanner.Plan(request);
        var now = new StepModel(request, plan).Predict(8).TokensPerS;
        var faster = request with { Hosts = [request.Hosts[0] with { Speed = PlanCases.H100 with { ReadBytesPerS = 2 * PlanCases.H100.ReadBytesPerS } }] };
        var then = new StepModel(faster, plan).Predict(8).TokensPerS;

        var advice = PlanPrediction.Of(request, plan).Advice;

        advice[0].ShouldContain("At batch 8");
        advice[0].ShouldContain("memory bandwidth, most of it of host-0");
        advice[0].ShouldContain($"{then:N0} tokens/s instead of {now:N0}");
        advice[^1].ShouldContain("more sequences of 512 tokens would fit");
    }

    private static PlacementRequest Request(int hosts, int context) =>
        new(PlanCases.Scout, PlanCases.Alike(hosts, 400 * GB, PlanCases.H100), Work(context, 1), 1);

    private static PlanWork Work(int context, int sequences) =>
        new(context, sequences, new KvPositions((long)Math.Min(context, 8192) * sequences, (long)context * sequences));

    /// <summary>All attention on the first host, all experts on the second.</summary>
    private static PlacementPlan Apart(PlacementRequest request)
    {
        var (a, b) = (request.Hosts[0].Host, request.Hosts[1].Host);
        return new PlacementPlan(1, a, a, [.. Enumerable.Range(0, 48).Select(i => new LayerPlacement(i, a, [new(0, 0, 16, b)]))]);
    }
}
