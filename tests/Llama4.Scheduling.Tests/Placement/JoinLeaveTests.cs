using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>Hosts come and go one by one, each plan following the one before.</summary>
public class JoinLeaveTests
{
    private const long GB = 1_000_000_000;

    [Fact]
    public void Plans_OverJoinsAndLeaves_AreWholeAndMoveNoAttentionThatHasAHost() =>
        Gen.Select(PlanCases.Shapes, Gen.Int[0, 1], Gen.Int[1, 2], Gen.Int.Array[1, 12]).Sample((shape, wished, replicas, events) =>
        {
            var hosts = new List<HostCapacity> { Host(0) };
            PlacementPlan? plan = null;
            for (var i = -1; i < events.Length; i++)
            {
                HostId gone = default;
                if (i >= 0 && events[i] % 3 == 0 && hosts.Count > 1)
                {
                    gone = hosts[(int)((uint)events[i] / 3 % (uint)hosts.Count)].Host;
                    hosts.RemoveAll(host => host.Host == gone);
                }
                else if (i >= 0)
                {
                    hosts.Add(Host(i + 1));
                }

                var request = new PlacementRequest(shape, [.. hosts], PlanCases.Work(16, 4), i + 2) { Standbys = Math.Min(wished, hosts.Count - 1), Replicas = replicas, Previous = plan };
                var next = PlacementPlanner.Plan(request);

                PlanCases.ShouldBeWhole(next, request);
                if (plan is not null)
                {
                    StandbyTests.ShouldStay(plan, next, gone);
                    ShouldLeaveAttentionToOthers(plan, next);
                    var kept = PlacementPlanner.Plan(request with { Previous = next });
                    PlanCases.Text(kept).ShouldBe(PlanCases.Text(next)); // a plan once made stands
                }

                plan = next;
            }
        }, iter: 200);

    /// <summary>One to six hosts of any role: each that joins takes experts, and no host is left with much more to read than another.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Plans_OfHostsThatJoinOneByOne_SpreadTheLoad(int wished)
    {
        PlacementPlan? plan = null;
        for (var count = 1; count <= 6; count++)
        {
            var request = new PlacementRequest(PlanCases.Scout, PlanCases.Alike(count, 600 * GB, PlanCases.H100), PlanCases.Work(512, 1), count)
            {
                Standbys = Math.Min(wished, count - 1),
                Previous = plan,
            };
            plan = PlacementPlanner.Plan(request);

            PlanCases.ShouldBeWhole(plan, request);
            plan.Replicas[0].Stages.ShouldHaveSingleItem().Host.Name.ShouldBe("host-0");
            var memory = HostMemory.Of(request, plan);
            long[] read = [.. memory.Select(host => host.AttentionWeights + host.ExpertWeights)];
            var mean = (PlanCases.Scout.WeightBytes - PlanCases.Scout.VocabularyBytes) / count;
            read.ShouldAllBe(bytes => bytes <= 1.35 * mean, $"{count} hosts: {string.Join(", ", read.Select(bytes => $"{(double)bytes / mean:0.00}"))}");
            memory.Skip(1).ShouldAllBe(host => host.ExpertWeights > 0);
            if (request.Standbys > 0)
            {
                memory.ShouldAllBe(host => host.StandbyWeights > 0.3 * memory.Average(other => other.StandbyWeights));
                plan.Replicas[0].Stages[0].Standbys.ShouldHaveSingleItem().Name.ShouldBe("host-1"); // the first that came
            }
        }
    }

    /// <summary>As in a restart of all hosts one by one: each leaves, with its parts moved before, and comes back under another name.</summary>
    [Fact]
    public void Plans_OfARestartOneByOne_KeepEverythingServedAndSpread()
    {
        var hosts = PlanCases.Alike(4, 600 * GB, PlanCases.H100).ToList();
        var request = new PlacementRequest(PlanCases.Scout, [.. hosts], PlanCases.Work(512, 1), 1) { Standbys = 1 };
        var plan = PlacementPlanner.Plan(request);
        for (var i = 0; i < 4; i++)
        {
            var leaving = hosts[i].Host;
            hosts[i] = hosts[i] with { Host = new HostId($"{leaving}-again") };
            foreach (var there in (HostCapacity[][])[[.. hosts.Where((_, j) => j != i)], [.. hosts]])
            {
                request = request with { Hosts = there, Epoch = request.Epoch + 1, Previous = plan };
                var next = PlacementPlanner.Plan(request);
                PlanCases.ShouldBeWhole(next, request);
                StandbyTests.ShouldStay(plan, next, leaving);
                plan = next;
            }
        }

        var owned = HostMemory.Of(request, plan).Select(host => host.ExpertWeights / 251_658_240).ToList();
        owned.Sum().ShouldBe(768);
        owned.ShouldAllBe(experts => experts > 0 && experts < 768 * 0.6, string.Join(", ", owned));
    }

    private static void ShouldLeaveAttentionToOthers(PlacementPlan before, PlacementPlan after)
    {
        var newcomers = after.Hosts.Except(before.Hosts).ToHashSet();
        after.Replicas.SelectMany(replica => replica.Stages).Any(stage => newcomers.Contains(stage.Host)).ShouldBeFalse();
    }

    private static HostCapacity Host(int i) => new(new HostId($"host-{i:00}"), 10_000_000);
}
