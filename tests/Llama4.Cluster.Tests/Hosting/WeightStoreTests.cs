using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests.Hosting;

/// <summary>What a host reads of its checkpoint, what it keeps and what it lets go, on a model with dense layers 0 and 2 and 128 experts in 1 and 3.</summary>
public class WeightStoreTests
{
    private static readonly string Maverick = Golden.Path("02-maverick");
    private static readonly HostId A = new("a"), B = new("b"), C = new("c");

    [Fact]
    public async Task EnsureAsync_OnEveryHostOfAPlan_ReadsTheCheckpointOnceAndEachHostItsPartAlone()
    {
        // Attention of the first half on a, of the second on b; vocabulary on c; experts on all three.
        var plan = Plan(1, vocabulary: C, attention: [A, A, B, B], [(0, 30, A), (30, 50, B), (80, 48, C)]);
        long read = 0, weights = 0;

        foreach (var host in (HostId[])[A, B, C])
        {
            await using var own = new StoreOfHost(host.Name, Maverick);
            await own.Store.EnsureAsync(plan, default);

            own.Store.BytesRead.ShouldBe(Bytes(own.Checkpoint, plan, host), $"of {host}");
            own.Store.WeightBytes.ShouldBeInRange(own.Store.BytesRead, own.Store.BytesRead * 3 / 2); // panels of 16 outputs pad
            (read, weights) = (read + own.Store.BytesRead, own.Checkpoint.WeightBytes);
        }

        read.ShouldBe(weights);
    }

    [Fact]
    public async Task EnsureAsync_WithReplicas_ReadsVocabularyAndAttentionForEachHostThatHasThem()
    {
        var one = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 128, B)]);
        var plan = one with { Replicas = [one.Replicas[0], new ReplicaPlacement(1, C, C, StagePlacement.Runs([A, A, C, C]))] };
        var read = new Dictionary<HostId, long>();

        foreach (var host in (HostId[])[A, B, C])
        {
            await using var own = new StoreOfHost(host.Name, Maverick);
            await own.Store.EnsureAsync(plan, default);
            read[host] = own.Store.BytesRead;
        }

        using var checkpoint = Checkpoint.Open(Maverick);
        // Both replicas' layers 0 and 1 on a are one and the same weights.
        read[A].ShouldBe(Vocabulary(checkpoint) + Enumerable.Range(0, 4).Sum(layer => Layer(checkpoint, layer)));
        read[B].ShouldBe(Expert(checkpoint, 1) * 128 * 2);
        read[C].ShouldBe(Vocabulary(checkpoint) + Layer(checkpoint, 2) + Layer(checkpoint, 3));
        read.Values.Sum().ShouldBe(checkpoint.WeightBytes + read[C]);
    }

    [Fact]
    public async Task EnsureAsync_OfTheNextPlan_ReadsTheDifferenceAloneAndKeepsWhatItHas()
    {
        var before = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 100, B), (100, 28, A)]);
        var after = Plan(2, vocabulary: A, attention: [A, A, A, C], [(0, 90, B), (90, 38, A)]);
        await using var own = new StoreOfHost("a", Maverick);
        await own.Store.EnsureAsync(before, default);
        var read = own.Store.BytesRead;

        await own.Store.EnsureAsync(after, default);
        own.Store.BytesRead.ShouldBe(read + (2 * 10 * Expert(own.Checkpoint, 1)));
        await own.Store.EnsureAsync(before, default);
        await own.Store.EnsureAsync(after, default);

        own.Store.BytesRead.ShouldBe(read + (2 * 10 * Expert(own.Checkpoint, 1)));
        own.Store.Layer(3).Attention.Plan.Index.ShouldBe(3); // until it is trimmed
        (own.Store.Experts(1, 100, 28).Count, own.Store.Experts(1, 90, 38).FirstExpert).ShouldBe((28, 90));
    }

    [Fact]
    public async Task EnsureAsync_OnAStandby_LoadsTheSameExperts()
    {
        var plan = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 128, B)]);
        foreach (var layer in plan.Layers.Where(layer => layer.ExpertGroups.Length > 0))
            layer.ExpertGroups[0] = layer.ExpertGroups[0] with { Standbys = [C] };
        await using var own = new StoreOfHost("c", Maverick);

        await own.Store.EnsureAsync(plan, default);

        own.Store.BytesRead.ShouldBe(2 * 128 * Expert(own.Checkpoint, 1));
        own.Store.Experts(3, 0, 128).Count.ShouldBe(128);
    }

    [Fact]
    public async Task EnsureAsync_OnTheStandbyOfAStageAndTheVocabulary_LoadsTheirWeightsAndTheOwnersPlanNothingMore()
    {
        var one = Plan(1, vocabulary: A, attention: [A, A, B, B], [(0, 128, B)]);
        var plan = one with
        {
            Replicas = [one.Replicas[0] with { VocabularyStandbys = [C], Stages = [one.Replicas[0].Stages[0] with { Standbys = [C] }, one.Replicas[0].Stages[1]] }],
        };
        await using var own = new StoreOfHost("c", Maverick);

        await own.Store.EnsureAsync(plan, default);
        var read = own.Store.BytesRead;
        await own.Store.EnsureAsync(Plan(2, vocabulary: C, attention: [C, C, B, B], [(0, 128, B)]), default);

        read.ShouldBe(Vocabulary(own.Checkpoint) + Layer(own.Checkpoint, 0) + Layer(own.Checkpoint, 1));
        own.Store.BytesRead.ShouldBe(read);
        (own.Store.Layer(1).Attention.Plan.Index, own.Store.Vocabulary.Size).ShouldBe((1, 512));
    }

    [Fact]
    public async Task EnsureAsync_CalledAtOnceForTwoPlans_ReadsEachPartOnce()
    {
        var one = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 64, A), (64, 64, B)]);
        var other = Plan(2, vocabulary: A, attention: [A, A, A, A], [(0, 80, A), (80, 48, B)]);
        await using var own = new StoreOfHost("a", Maverick);

        await Task.WhenAll(own.Store.EnsureAsync(one, default), own.Store.EnsureAsync(other, default), own.Store.EnsureAsync(one, default));

        own.Store.BytesRead.ShouldBe(Bytes(own.Checkpoint, other, A));
    }

    [Fact]
    public async Task EnsureAsync_WhenCancelled_KeepsWhatIsWholeAndGoesOnFromThere()
    {
        var plan = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 128, A)]);
        using var cancellation = new CancellationTokenSource();
        var progress = new Shares(value =>
        {
            if (value >= 0.5)
                cancellation.Cancel();
        });
        await using var own = new StoreOfHost("a", Maverick, progress);

        await Should.ThrowAsync<OperationCanceledException>(() => own.Store.EnsureAsync(plan, cancellation.Token));
        var read = own.Store.BytesRead;
        read.ShouldBeInRange(own.Checkpoint.WeightBytes / 2, own.Checkpoint.WeightBytes - 1);
        own.Store.Layer(0).WeightBytes.ShouldBePositive();
        progress.Values.Clear();
        await own.Store.EnsureAsync(plan, default);

        own.Store.BytesRead.ShouldBe(own.Checkpoint.WeightBytes);
        progress.Values[0].ShouldBe((double)Expert(own.Checkpoint, 1) / (own.Checkpoint.WeightBytes - read), 1e-12); // of what is left to load
        progress.Values.ShouldBe(progress.Values.Order());
        progress.Values[^1].ShouldBe(1);
    }

    [Fact]
    public async Task EnsureAsync_AfterTheHostsLoadingEnded_LoadsNothing()
    {
        await using var own = new StoreOfHost("a", Maverick, loading: new CancellationToken(canceled: true));

        await Should.ThrowAsync<OperationCanceledException>(() => own.Store.EnsureAsync(Plan(1, A, [A, A, A, A], [(0, 128, A)]), default));

        (own.Store.BytesRead, own.Store.WeightBytes).ShouldBe((0, 0));
    }

    [Fact]
    public async Task EnsureAsync_WithNothingToLoad_ReportsThatAllIsThere()
    {
        var progress = new Shares(_ => { });
        await using var own = new StoreOfHost("d", Maverick, progress);

        await own.Store.EnsureAsync(Plan(1, A, [A, A, A, A], [(0, 128, A)]), default);

        (own.Store.BytesRead, own.Store.WeightBytes).ShouldBe((0, 0));
        progress.Values.ShouldBe([1]);
    }

    [Fact]
    public async Task TrimAsync_ToAPlan_FreesWhatItDoesNotNeedHere()
    {
        var before = Plan(1, vocabulary: A, attention: [A, A, A, A], [(0, 128, A)]);
        var after = Plan(2, vocabulary: B, attention: [A, B, B, B], [(0, 100, B), (100, 28, A)]);
        await using var fresh = new StoreOfHost("a", Maverick);
        await fresh.Store.EnsureAsync(after, default);
        await using var own = new StoreOfHost("a", Maverick);
        await own.Store.EnsureAsync(before, default);
        var all = own.Store.WeightBytes;

        await own.Store.TrimAsync([before, after]);
        own.Store.WeightBytes.ShouldBe(all);
        await own.Store.TrimAsync([after]);

        own.Store.WeightBytes.ShouldBe(fresh.Store.WeightBytes);
        (await own.NativeBytesAsync()).ShouldBe(await fresh.NativeBytesAsync());
        own.Store.Experts(1, 100, 28).Count.ShouldBe(28);
        own.Store.Layer(0).Attention.Plan.Index.ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => own.Store.Experts(1, 99, 2)).Message.ShouldContain("host a does not hold expert 99 of layer 1");
        Should.Throw<InvalidOperationException>(() => own.Store.Layer(1)).Message.ShouldContain("the attention of layer 1");
        Should.Throw<InvalidOperationException>(() => own.Store.Vocabulary).Message.ShouldContain("the vocabulary");
        await own.Store.EnsureAsync(before, default);
        own.Store.WeightBytes.ShouldBe(all);
        await own.Store.TrimAsync([]);
        (own.Store.WeightBytes, await own.NativeBytesAsync()).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Experts_OfTheSameRange_AreOneView()
    {
        await using var own = new StoreOfHost("a", Maverick);
        await own.Store.EnsureAsync(Plan(1, A, [A, A, A, A], [(0, 128, A)]), default);

        own.Store.Experts(1, 3, 9).ShouldBeSameAs(own.Store.Experts(1, 3, 9));
        own.Store.Experts(3, 3, 9).ShouldNotBeSameAs(own.Store.Experts(1, 3, 9));
    }

    private static PlacementPlan Plan(long epoch, HostId vocabulary, HostId[] attention, (int First, int Count, HostId Host)[] experts) => new(
        epoch, attention[0], vocabulary,
        [.. attention.Select((host, layer) => new LayerPlacement(layer, host, layer % 2 == 1 ? [.. experts.Select((range, i) => new ExpertGroupPlacement(i, range.First, range.Count, range.Host))] : []))]);

    /// <summary>Bytes of the tensors that are a host's by a plan without replicas and standbys.</summary>
    private static long Bytes(Checkpoint checkpoint, PlacementPlan plan, HostId host) =>
        (plan.Vocabulary == host ? Vocabulary(checkpoint) : 0)
        + plan.Layers.Where(layer => layer.Attention == host).Sum(layer => Layer(checkpoint, layer.Layer))
        + plan.Layers.Sum(layer => layer.ExpertGroups.Where(group => group.Host == host).Sum(group => group.Count * Expert(checkpoint, layer.Layer)));

    private static long Vocabulary(Checkpoint checkpoint) =>
        checkpoint["embed_tokens.weight"].Bytes + checkpoint["norm.weight"].Bytes + checkpoint["lm_head.weight"].Bytes;

    private static long Layer(Checkpoint checkpoint, int layer) =>
        ParameterTable.Text(checkpoint.Config).Where(parameter => TensorNames.LayerOf(parameter.Name) == layer && !parameter.Name.Contains(".experts."))
            .Sum(parameter => checkpoint[parameter.Name].Bytes);

    private static long Expert(Checkpoint checkpoint, int layer) =>
        (checkpoint[$"layers.{layer}.feed_forward.experts.gate_up_proj"].Bytes + checkpoint[$"layers.{layer}.feed_forward.experts.down_proj"].Bytes) / 128;

    private sealed class Shares(Action<double> then) : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value)
        {
            Values.Add(value);
            then(value);
        }
    }
}
