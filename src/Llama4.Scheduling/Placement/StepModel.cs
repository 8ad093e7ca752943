using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// How long a decode step takes at least, by the roofline: each part takes the longer of its bytes through bandwidth and its FLOPs
/// through rate, messages their bytes and two latencies. A replica's batch is cut into micro-batches, at most two a stage, so that
/// attention and expert hosts work at once: the step is then the longer of one micro-batch's path through all layers and of what the
/// busiest host has to do for all of them. Routing is taken as even; experts merge the rows of all replicas.
/// </summary>
public sealed class StepModel
{
    /// <summary>Of each layer and micro-batch: the bound that the design sets for calls, wake-ups and launches.</summary>
    private const double ControlS = 15e-6;

    private readonly ModelShape _shape;
    private readonly PlanWork _work;
    private readonly HostSpeed[] _speeds;
    private readonly HostId[] _ids;
    private readonly Replica[] _replicas;
    private readonly (int Host, int Count)[][] _experts;

    /// <param name="plan">Made from this request.</param>
    public StepModel(PlacementRequest request, PlacementPlan plan)
    {
        (_shape, _work) = (request.Shape, request.Work);
        _ids = [.. request.Hosts.Select(host => host.Host)];
        _speeds = [.. request.Hosts.Select(host => host.Speed)];
        var index = _ids.Select((id, i) => (id, i)).ToDictionary(host => host.id, host => host.i);
        _replicas = [.. plan.Replicas.Select(replica => new Replica(
            [.. replica.Stages.SelectMany(stage => Enumerable.Repeat(index[stage.Host], stage.Layers))], replica.Stages.Length, index[replica.Vocabulary]))];
        _experts = [.. plan.Layers.Select(layer => layer.ExpertGroups
            .GroupBy(group => index[group.Host]).Select(host => (host.Key, host.Sum(group => group.Count))).ToArray())];
    }

    /// <param name="batch">Sequences over all replicas; at least one each.</param>
    public StepPrediction Predict(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        var rows = (double)batch / _replicas.Length;
        StepPrediction? best = null;
        for (var microBatches = 1; microBatches == 1 || (microBatches <= rows && microBatches <= 2 * _replicas.Max(replica => replica.Stages)); microBatches *= 2)
        {
            var step = Predict(batch, rows / microBatches, microBatches);
            best = best is null || step.StepS < best.StepS ? step : best;
        }

        return best!;
    }

    private StepPrediction Predict(int batch, double rows, int microBatches)
    {
        var busy = new StepTimes(_ids.Length);
        StepTimes? path = null;
        foreach (var replica in _replicas)
        {
            var own = Path(replica, rows);
            path = path is null || own.Total > path.Total ? own : path;
            AddAttention(busy, replica, rows, microBatches);
        }

        AddExperts(busy, rows, microBatches);
        var (host, most) = busy.Busiest();
        var (resource, share, of) = path!.Total >= most ? path.Largest() : busy.LargestOf(host);
        return new StepPrediction(
            batch, microBatches, Math.Max(path.Total, most), path.Total >= most, resource, of is { } i ? _ids[i] : null, share);
    }

    /// <summary>One micro-batch of a replica from its embedding to its tokens, nothing in its way.</summary>
    private StepTimes Path(Replica replica, double rows)
    {
        var times = new StepTimes(_ids.Length);
        HandOver(times, replica.Vocabulary, replica.Hosts[0], rows);
        for (var layer = 0; layer < replica.Hosts.Length; layer++)
        {
            var host = replica.Hosts[layer];
            if (layer > 0)
            {
                HandOver(times, replica.Hosts[layer - 1], host, rows);
            }

            times.Add(StepResource.Control, null, ControlS);
            times.Add(Attention(layer, host, rows));
            // The shared expert and this host's experts run while the rows are away: the longer of the two counts.
            var (here, away) = (new Trip(Shared(layer, host, rows), default, default), default(Trip));
            foreach (var (owner, count) in _experts[layer])
            {
                var experts = Experts(layer, owner, count, rows, whenAsked: true);
                if (owner == host)
                {
                    here = here with { Then = experts };
                    continue;
                }

                var bytes = 2 * RowsAsked(layer, count, rows) * _shape.RowBytes;
                var trip = new Trip(
                    new StepPart(StepResource.LinkLatency, null, 2 * Latency(host, owner)), new StepPart(StepResource.LinkBandwidth, host, bytes / Link(host, owner)), experts);
                away = trip.Seconds > away.Seconds ? trip : away;
            }

            var longer = away.Seconds > here.Seconds ? away : here;
            times.Add(longer.First);
            times.Add(longer.Then);
            times.Add(longer.Last);
        }

        HandOver(times, replica.Hosts[^1], replica.Vocabulary, rows);
        times.Add(Output(replica.Vocabulary, rows));
        return times;
    }

    private void HandOver(StepTimes times, int from, int to, double rows)
    {
        if (from != to)
        {
            times.Add(StepResource.LinkLatency, null, Latency(from, to));
            times.Add(StepResource.LinkBandwidth, from, rows * _shape.RowBytes / Link(from, to));
        }
    }

    private void AddAttention(StepTimes busy, Replica replica, double rows, int microBatches)
    {
        for (var layer = 0; layer < replica.Hosts.Length; layer++)
        {
            var host = replica.Hosts[layer];
            busy.Add(Attention(layer, host, rows), microBatches);
            busy.Add(Shared(layer, host, rows), microBatches);
            var away = _experts[layer].Where(owner => owner.Host != host).Sum(owner => (double)owner.Count) / Math.Max(1, _shape.Layers[layer].Experts);
            busy.Add(StepResource.LinkBandwidth, host, microBatches * away * rows * _shape.RowBytes / _speeds[host].LinkBytesPerS);
        }

        busy.Add(Output(replica.Vocabulary, rows), microBatches);
    }

    private void AddExperts(StepTimes busy, double rows, int microBatches)
    {
        for (var layer = 0; layer < _experts.Length; layer++)
        {
            foreach (var (host, count) in _experts[layer])
            {
                busy.Add(Experts(layer, host, count, rows * _replicas.Length, whenAsked: false), microBatches);
                var remote = _replicas.Count(replica => replica.Hosts[layer] != host);
                busy.Add(
                    StepResource.LinkBandwidth, host,
                    microBatches * remote * rows * count / _shape.Layers[layer].Experts * _shape.RowBytes / _speeds[host].LinkBytesPerS);
            }
        }
    }

    /// <summary>Norms, projections, router, and the keys and values of each row's context.</summary>
    private StepPart Attention(int layer, int host, double rows)
    {
        var shape = _shape.Layers[layer];
        double weights = shape.AttentionBytes - shape.SharedBytes, kv = rows * shape.PositionsSeen(_work.Context) * shape.KvPositionBytes;
        return Roofline(host, weights + kv, (rows * weights) + (kv * _shape.KvFlopsPerByte), _speeds[host].Bf16FlopsPerS);
    }

    private StepPart Shared(int layer, int host, double rows) =>
        Roofline(host, _shape.Layers[layer].SharedBytes, rows * _shape.Layers[layer].SharedBytes, _speeds[host].Bf16FlopsPerS);

    private StepPart Output(int host, double rows) =>
        Roofline(host, _shape.OutputBytes, rows * _shape.OutputBytes, _speeds[host].Bf16FlopsPerS);

    /// <summary>Each expert that a row chose is read once: of E experts, rows touch E (1 - (1 - 1/E)^rows) on average.</summary>
    /// <param name="whenAsked">What a host takes when any row comes to it at all, not on average.</param>
    private StepPart Experts(int layer, int host, int count, double rows, bool whenAsked)
    {
        var shape = _shape.Layers[layer];
        var asked = whenAsked ? Chance(layer, count, rows) : 1;
        var touched = count * Chance(layer, 1, rows) / asked;
        var flops = 2 * rows * count / shape.Experts / asked * shape.ExpertBytes / _shape.ExpertWeightBytes;
        var rate = _shape.ExpertType == ExpertWeights.Fp8 ? _speeds[host].Fp8FlopsPerS : _speeds[host].Bf16FlopsPerS;
        return Roofline(host, touched * shape.ExpertBytes, flops, rate);
    }

    private double RowsAsked(int layer, int count, double rows) => rows * count / _shape.Layers[layer].Experts / Chance(layer, count, rows);

    /// <summary>That at least one of the rows chooses one of these experts.</summary>
    private double Chance(int layer, int count, double rows) => 1 - Math.Pow(1 - ((double)count / _shape.Layers[layer].Experts), rows);

    private StepPart Roofline(int host, double bytes, double flops, double flopsPerS)
    {
        var (read, calculate) = (bytes / _speeds[host].ReadBytesPerS, flops / flopsPerS);
        return calculate > read ? new StepPart(StepResource.Flops, host, calculate) : new StepPart(StepResource.MemoryBandwidth, host, read);
    }

    private double Latency(int a, int b) => Math.Max(_speeds[a].LinkLatencyS, _speeds[b].LinkLatencyS);

    private double Link(int a, int b) => Math.Min(_speeds[a].LinkBytesPerS, _speeds[b].LinkBytesPerS);

    /// <summary>Parts of a layer's feed-forward, one after the other.</summary>
    private readonly record struct Trip(StepPart First, StepPart Then, StepPart Last)
    {
        public double Seconds => First.Seconds + Then.Seconds + Last.Seconds;
    }

    /// <param name="Hosts">Of each layer.</param>
    private sealed record Replica(int[] Hosts, int Stages, int Vocabulary);
}
