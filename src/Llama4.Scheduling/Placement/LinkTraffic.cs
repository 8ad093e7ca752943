using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>Bytes of rows that a token of a replica sends from one host to another, routing being even. Message heads are left out.</summary>
/// <param name="ExpertBytes">Rows to experts, and back.</param>
/// <param name="HandOverBytes">From the vocabulary to the first stage, from stage to stage, from the last to the vocabulary.</param>
public sealed record LinkTraffic(int Replica, HostId From, HostId To, double ExpertBytes, double HandOverBytes)
{
    public double Bytes => ExpertBytes + HandOverBytes;

    public static IReadOnlyList<LinkTraffic> Of(PlacementRequest request, PlacementPlan plan)
    {
        var row = (double)request.Shape.RowBytes;
        var links = new Dictionary<(int Replica, HostId From, HostId To), (double Experts, double HandOver)>();
        foreach (var replica in plan.Replicas)
        {
            foreach (var layer in plan.Layers)
            {
                var stage = replica.StageOf(layer.Layer).Host;
                foreach (var group in layer.ExpertGroups)
                {
                    var bytes = row * group.Count / request.Shape.Layers[layer.Layer].Experts;
                    Add(replica.Replica, stage, group.Host, bytes, 0);
                    Add(replica.Replica, group.Host, stage, bytes, 0);
                }
            }

            HostId[] way = [replica.Vocabulary, .. replica.Stages.Select(stage => stage.Host), replica.Vocabulary];
            for (var i = 1; i < way.Length; i++)
            {
                Add(replica.Replica, way[i - 1], way[i], 0, row);
            }
        }

        return
        [
            .. links.Select(link => new LinkTraffic(link.Key.Replica, link.Key.From, link.Key.To, link.Value.Experts, link.Value.HandOver))
                .OrderBy(link => link.Replica).ThenBy(link => link.From.Name, StringComparer.Ordinal).ThenBy(link => link.To.Name, StringComparer.Ordinal),
        ];

        void Add(int replica, HostId from, HostId to, double experts, double handOver)
        {
            if (from != to)
            {
                var before = links.GetValueOrDefault((replica, from, to));
                links[(replica, from, to)] = (before.Experts + experts, before.HandOver + handOver);
            }
        }
    }
}
