using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>Models and hosts to plan for.</summary>
internal static class PlanCases
{
    private const double Gigabit = 1e9 / 8;

    /// <summary>NVIDIA H100 SXM, as in the device table.</summary>
    public static readonly HostSpeed H100 = new(3.35e12, 989.4e12, 1978.9e12, 400 * Gigabit, 30e-6);

    /// <summary>Scout's text model in bf16, figure by figure from its sizes: hidden 5120, 40 heads, 8 of them for keys, of 128, widths 8192.</summary>
    public static ModelShape Scout { get; } = new(
        [.. Enumerable.Range(0, 48).Select(layer => new LayerShape(2 * (62_914_560 + 81_920 + 125_829_120 + (2 * 5120)), 16, 251_658_240)
        {
            SharedBytes = 251_658_240,
            KvPositionBytes = 4096,
            Chunk = layer % 4 == 3 ? null : 8192,
        })],
        2 * ((2 * 1_034_485_760L) + 5120))
    {
        HiddenSize = 5120,
        FeedForwardWidth = 8192,
        VocabSize = 202_048,
        OutputBytes = 2 * 1_034_485_760L,
        KvFlopsPerByte = 5,
    };

    /// <summary>Small models of every pattern: experts in all layers, in every second or in none.</summary>
    public static readonly Gen<ModelShape> Shapes = Gen.Select(Gen.Int[1, 9], Gen.Int[0, 17], Gen.Int[1, 2], Gen.Int[1, 50], Gen.Int[1, 40], (layers, experts, step, attention, expert) =>
        new ModelShape(
            [.. Enumerable.Range(0, layers).Select(layer => new LayerShape(attention * 1000, (layer + 1) % step == 0 ? experts : 0, experts > 0 ? expert * 100 : 0)
            {
                SharedBytes = attention * 300,
                KvPositionBytes = 16,
                Chunk = layer % 4 == 3 ? null : 8,
            })],
            5000)
        {
            HiddenSize = 4,
            FeedForwardWidth = 8,
            VocabSize = 16,
            OutputBytes = 2000,
        });

    public static PlanWork Work(int context, int sequences) =>
        new(context, sequences, new KvPositions((long)Math.Min(context, 8) * sequences, (long)context * sequences)) { RowsMax = 4 };

    /// <summary>Hosts of mixed sizes, speeds, roles and zones; with roles, the first may own anything.</summary>
    public static Gen<HostCapacity[]> Hosts(int min, int max) =>
        Gen.Select(Gen.Int[20_000, 400_000], Gen.Int[1, 4], Gen.Int[0, 2], Gen.Int[0, 3].Select(i => i < 2 ? HostRoles.Any : i == 2 ? HostRoles.Experts : HostRoles.Attention | HostRoles.Engine))
            .Array[min, max]
            .Select(hosts => hosts.Select((host, i) => new HostCapacity(new HostId($"host-{i}"), host.Item1)
            {
                Speed = HostSpeed.Unknown with { ReadBytesPerS = host.Item2 * 1e9 },
                Zone = host.Item3 == 0 ? "" : $"zone-{host.Item3}",
                Roles = i == 0 ? HostRoles.Any : host.Item4,
            }).ToArray());

    /// <summary>Hosts that are alike.</summary>
    public static HostCapacity[] Alike(int count, long bytes, HostSpeed? speed = null) =>
        [.. Enumerable.Range(0, count).Select(i => new HostCapacity(new HostId($"host-{i}"), bytes) { Speed = speed ?? HostSpeed.Unknown })];

    /// <summary>The plan, or null where there is none.</summary>
    public static PlacementPlan? TryPlan(PlacementRequest request)
    {
        try
        {
            return PlacementPlanner.Plan(request);
        }
        catch (PlacementException error)
        {
            error.Missing.ShouldAllBe(host => host.Bytes > 0);
            return null;
        }
    }

    /// <summary>Everything owned once, by hosts that may, within their limits; standbys elsewhere.</summary>
    public static void ShouldBeWhole(PlacementPlan plan, PlacementRequest request)
    {
        var hosts = request.Hosts.ToDictionary(host => host.Host);
        var layers = request.Shape.Layers;
        plan.Epoch.ShouldBe(request.Epoch);
        plan.Replicas.Length.ShouldBe(request.Replicas);
        (plan.Engine, plan.Vocabulary).ShouldBe((plan.Replicas[0].Engine, plan.Replicas[0].Vocabulary));
        foreach (var replica in plan.Replicas)
        {
            replica.Stages.Select(stage => stage.Stage).ShouldBe(Enumerable.Range(0, replica.Stages.Length));
            replica.Stages.SelectMany(stage => Enumerable.Range(stage.FirstLayer, stage.Layers)).ShouldBe(Enumerable.Range(0, layers.Count));
            replica.Stages.All(stage => hosts[stage.Host].May(HostRoles.Attention)).ShouldBeTrue();
            hosts[replica.Engine].May(HostRoles.Engine).ShouldBeTrue();
            hosts[replica.Vocabulary].May(HostRoles.Vocabulary).ShouldBeTrue();
            foreach (var stage in replica.Stages)
            {
                ShouldStandBy(stage.Standbys, stage.Host, HostRoles.Attention);
            }

            ShouldStandBy(replica.VocabularyStandbys, replica.Vocabulary, HostRoles.Vocabulary);
        }

        foreach (var (layer, i) in plan.Layers.Select((layer, i) => (layer, i)))
        {
            (layer.Layer, layer.Attention).ShouldBe((i, plan.Replicas[0].StageOf(i).Host));
            layer.ExpertGroups.Select(group => group.Group).ShouldBe(Enumerable.Range(0, layer.ExpertGroups.Length));
            layer.ExpertGroups.OrderBy(group => group.First).SelectMany(group => Enumerable.Range(group.First, group.Count))
                .ShouldBe(Enumerable.Range(0, layers[i].Experts));
            foreach (var group in layer.ExpertGroups)
            {
                group.Count.ShouldBePositive();
                group.Standbys.Length.ShouldBeInRange(request.InHaste ? 0 : request.Standbys, request.Standbys);
                group.Standbys.Append(group.Host).Distinct().Count().ShouldBe(1 + group.Standbys.Length);
                group.Standbys.Append(group.Host).All(host => hosts[host].May(HostRoles.Experts)).ShouldBeTrue();
                group.Hot.Select(hot => hot.Expert).Distinct().Count().ShouldBe(group.Hot.Length);
                foreach (var hot in group.Hot)
                {
                    request.Hot.ShouldContain(new ExpertOfLayer(layer.Layer, hot.Expert));
                    hot.Expert.ShouldBeInRange(group.First, group.First + group.Count - 1);
                    hot.SecondOwner.ShouldNotBe(group.Host);
                    hosts[hot.SecondOwner].May(HostRoles.Experts).ShouldBeTrue();
                }
            }
        }

        HostMemory.Of(request, plan).ShouldAllBe(host => host.Total <= host.Limit);

        void ShouldStandBy(HostId[] standbys, HostId owner, HostRoles role)
        {
            standbys.Length.ShouldBeLessThanOrEqualTo(request.Standbys);
            standbys.Append(owner).Distinct().Count().ShouldBe(1 + standbys.Length);
            standbys.All(host => hosts[host].May(role)).ShouldBeTrue();
        }
    }

    /// <summary>As text, so that plans compare by value.</summary>
    public static string Text(PlacementPlan plan) => System.Text.Json.JsonSerializer.Serialize(plan);
}
