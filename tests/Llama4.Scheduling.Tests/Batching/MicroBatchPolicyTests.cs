using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

public class MicroBatchPolicyTests
{
    [Fact]
    public void Count_BeforeAnythingIsMeasured_IsTwoWithMoreThanOneSequence()
    {
        var policy = new MicroBatchPolicy(4);
        policy.Count(1).ShouldBe(1);
        policy.Count(2).ShouldBe(2);
        policy.Count(32).ShouldBe(2);
    }

    [Theory]
    [InlineData(false, 1, 1)]
    [InlineData(true, 1, 2)]
    [InlineData(true, 3, 3)]
    [InlineData(false, 2, 2)]
    public void Count_AfterMeasuring_IsTheCheapestWithinItsBounds(bool remote, int cheapest, int expected)
    {
        var policy = new MicroBatchPolicy(4, remote);
        for (var step = 0; step < 20_000; step++)
        {
            policy.Observe(Decode(8), 8, seconds: 1 + Math.Abs(policy.Count(8) - cheapest) * 0.2);
        }

        // A trial may be under way at any one step; between trials the count rests.
        var counts = new List<int>();
        for (var step = 0; step < 2_000; step++)
        {
            policy.Observe(Decode(8), 8, 1 + Math.Abs(policy.Count(8) - cheapest) * 0.2);
            counts.Add(policy.Count(8));
        }

        counts.GroupBy(count => count).MaxBy(group => group.Count())!.Key.ShouldBe(expected);
        counts.ShouldAllBe(count => count >= policy.Least && count <= 4);
    }

    /// <summary>Attention A = experts E = link T for a micro-batch of 4 rows, in proportion to its rows but for the link: busy all the time from 4 on.</summary>
    [Theory]
    [InlineData(1, 4, 4)]
    [InlineData(4, 16, 13)] // the bound is 16; steps from 12 on save less than the margin
    public void Count_WithLinksToHide_RisesUntilTheBusiestHostIsBusyAndNotBeyondItsBound(int stages, int most, int least)
    {
        var policy = new MicroBatchPolicy(64, remoteExperts: true, stages);
        var sequences = 16 * stages;
        policy.Count(sequences).ShouldBe(2 * stages);
        for (var step = 0; step < 1_500; step++)
        {
            var count = policy.Count(sequences);
            var rows = (double)sequences / count;
            var latency = (2 * rows / 4) + 2; // (A + E) and 2T of a layer, in units of A
            var busiest = rows / 4 / stages;
            policy.Observe(Decode((int)rows), sequences, Math.Max(latency / count, busiest));
        }

        policy.Count(sequences).ShouldBeInRange(least, most);
    }

    [Fact]
    public void Count_WithSeveralStages_IsNeverLessThanTwoEachWithRemoteExperts()
    {
        var policy = new MicroBatchPolicy(64, remoteExperts: true, stages: 4);
        policy.Least.ShouldBe(8);
        policy.Count(4).ShouldBe(4);
        for (var step = 0; step < 5_000; step++)
        {
            policy.Observe(Decode(2), 64, seconds: policy.Count(64));
            policy.Count(64).ShouldBeGreaterThanOrEqualTo(8);
        }
    }

    /// <summary>Answers of 30 tokens: no load lasts as long as a trial of 40 steps, and between two loads nothing is lost.</summary>
    [Fact]
    public void Count_WhenLoadsComeAndGo_SettlesAllTheSame()
    {
        var policy = new MicroBatchPolicy(4);
        for (var burst = 0; burst < 20; burst++)
        {
            foreach (var sequences in new[] { 2, 8, 16 })
            {
                for (var step = 0; step < 30; step++)
                {
                    policy.Observe(Decode(sequences), sequences, seconds: policy.Count(sequences) == 1 ? 1 : 1.3);
                }
            }
        }

        policy.Count(8).ShouldBe(1);
        policy.Count(16).ShouldBe(1);
    }

    private static StepPlan Decode(int rows) => new()
    {
        Step = 1,
        Slices = new SequenceSlice[rows],
        TokenIds = new int[rows],
        Positions = new int[rows],
        Chunked = new KvTables([], [], 0),
        Full = new KvTables([], [], 0),
        LogitRows = new int[rows],
    };
}
