using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

/// <summary>
/// Random submits, steps, commits, aborts and cancels against a model that computes each token from all tokens before it: block
/// contents are simulated, so a wrong table, a block owned twice or a false prefix hit gives a wrong token.
/// </summary>
public class BatchSchedulerPropertyTests
{
    private static readonly Gen<KvSizes> Sizes =
        from block in Gen.Int[1, 4]
        from chunk in Gen.OneOf(Gen.Const((int?)null), Gen.Int[1, 12].Select(c => (int?)c))
        from chunked in Gen.Int[0, 12]
        from full in Gen.Int[chunked == 0 ? 3 : 0, 24]
        select new KvSizes(block, chunk, chunked, full);

    private static readonly Gen<SchedulerLimits> Limits =
        from sequences in Gen.Int[1, 6]
        from tokens in Gen.Int[0, 10]
        from prefill in Gen.Int[1, 12]
        from lanes in Gen.Int[1, 3]
        from queue in Gen.Int[1, 8]
        from perCaller in Gen.Int[1, 8]
        select new SchedulerLimits
        {
            ContextMax = 40,
            SequencesMax = sequences,
            TokensPerStepMax = sequences + tokens,
            PrefillChunkMax = prefill,
            MicroBatchesMax = lanes,
            QueueMax = queue,
            QueuePerCallerMax = perCaller,
        };

    [Fact]
    public void BatchScheduler_UnderRandomLoad_KeepsEveryInvariantAndDrains() =>
        Gen.Select(Sizes, Limits, Gen.Int).Sample(
            (sizes, limits, seed) => new SchedulerModel(sizes, limits, seed).Run(operations: 150), iter: 1500);

    [Fact]
    public void BatchScheduler_WhenReplayed_DecidesTheSame() =>
        Gen.Select(Sizes, Limits, Gen.Int).Sample(
            (sizes, limits, seed) => new SchedulerModel(sizes, limits, seed).Run(60)
                .ShouldBe(new SchedulerModel(sizes, limits, seed).Run(60)), iter: 200);
}
