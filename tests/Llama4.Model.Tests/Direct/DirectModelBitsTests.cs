using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>A row's logits do not depend, in a single bit, on what it is computed with.</summary>
public class DirectModelBitsTests
{
    public static readonly MatrixTheoryData<string, ComputeMode> Cases = new(["01-scout", "02-maverick"], [ComputeMode.Fp32, ComputeMode.Bf16]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Run_InPiecesGroupsAndThreads_GivesTheSameBits(string name, ComputeMode mode)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");
        var whole = await LogitsAsync(golden.Checkpoint, mode, prompt, int.MaxValue, 1, 1);

        foreach (var rowsMax in new[] { 1, 7, 64 })
            (await LogitsAsync(golden.Checkpoint, mode, prompt, rowsMax, 1, 2)).ShouldBe(whole, $"prefill in pieces of {rowsMax}, 2 threads");
        foreach (var groups in new[] { 2, 4, 16 })
            (await LogitsAsync(golden.Checkpoint, mode, prompt, 64, groups, 1)).ShouldBe(whole, $"{groups} expert groups");
        (await LogitsAsync(golden.Checkpoint, mode, prompt, int.MaxValue, 3, 2)).ShouldBe(whole, "2 threads");
    }

    /// <summary>The other cases are so small that a second thread does not pay: these layers are 640 wide.</summary>
    [Theory]
    [InlineData(ComputeMode.Fp32)]
    [InlineData(ComputeMode.Bf16)]
    public async Task Run_OfWideLayersOnMoreThreads_GivesTheSameBits(ComputeMode mode)
    {
        using var golden = new GoldenCase("10-real-geometry");
        var prompt = golden.Ids("input_ids")[..300];
        var whole = await LogitsAsync(golden.Checkpoint, mode, prompt, int.MaxValue, 1, 1);

        (await LogitsAsync(golden.Checkpoint, mode, prompt, int.MaxValue, 1, 2)).ShouldBe(whole, "2 threads");
        (await LogitsAsync(golden.Checkpoint, mode, prompt, 64, 2, 3)).ShouldBe(whole, "3 threads, pieces of 64");
        (await LogitsAsync(golden.Checkpoint, mode, prompt, 19, 1, 2)).ShouldBe(whole, "2 threads, pieces of 19");
    }

    [Theory]
    [InlineData(ComputeMode.Fp32)]
    [InlineData(ComputeMode.Bf16)]
    public async Task Run_OfThreeSequencesTogether_GivesTheBitsOfEachAlone(ComputeMode mode)
    {
        using var golden = new GoldenCase("13-batch");
        var prompts = Enumerable.Range(0, 3).Select(sequence => golden.Ids($"sequences.{sequence}.input_ids")).ToArray();
        var length = prompts.Max(prompt => prompt.Length) + 16;
        await using var device = CpuDevice.Create(2);
        using var together = await DirectModel.LoadAsync(golden.Checkpoint, device, mode, 3, length);

        var logits = new[] { new List<float[]>(), [], [] };
        await PrefillTogetherAsync(together, prompts, logits);
        var ids = await DecodeTogetherAsync(together, prompts, logits, 16);

        for (var sequence = 0; sequence < 3; sequence++)
        {
            await using var other = CpuDevice.Create(1);
            using var alone = await DirectModel.LoadAsync(golden.Checkpoint, other, mode, 1, length);
            var run = await DirectRun.PromptAsync(alone, prompts[sequence]);
            Bits(logits[sequence].Take(prompts[sequence].Length)).ShouldBe(Bits(run.Logits), $"sequence {sequence}");
            var greedy = await DirectRun.GreedyAsync(alone, run.Logits[^1], prompts[sequence].Length, 16);
            ids[sequence].ToArray().ShouldBe(greedy, $"sequence {sequence}");
            if (mode == ComputeMode.Fp32)
                greedy.ShouldBe(golden.Ids($"sequences.{sequence}.greedy_ids"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Run_OnOtherSequencesOfTheBatchCase_GivesTheReferenceValues(int sequence)
    {
        using var golden = new GoldenCase("13-batch");
        var prompt = golden.Ids($"sequences.{sequence}.input_ids");
        await using var device = CpuDevice.Create(1);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, prompt.Length);

        (await DirectRun.PromptAsync(model, prompt)).Logits.ShouldBeCloseTo(golden.Rows($"sequences.{sequence}.logits"), "logits");
    }

    /// <summary>Steps of up to 13 rows from every sequence that has some left, so that they start, cross chunks and end apart.</summary>
    private static async Task PrefillTogetherAsync(DirectModel model, int[][] prompts, List<float[]>[] logits)
    {
        var done = new int[prompts.Length];
        while (Enumerable.Range(0, 3).Any(sequence => done[sequence] < prompts[sequence].Length))
        {
            var slices = new List<DirectSlice>();
            for (var sequence = 0; sequence < prompts.Length; sequence++)
            {
                var rows = Math.Min(Math.Min(9 + 2 * sequence, prompts[sequence].Length - done[sequence]), model.Steps.RowsToBorder(done[sequence]));
                if (rows > 0)
                    slices.Add(new DirectSlice(sequence, done[sequence], prompts[sequence].AsMemory(done[sequence], rows)));
                done[sequence] += rows;
            }
            var plan = model.Steps.Plan(slices, LogitRows.All);
            var rowsOfAll = await DirectRun.LogitsAsync(model, plan);
            foreach (var slice in plan.Slices)
                logits[slice.Sequence].AddRange(rowsOfAll[slice.FirstRow..(slice.FirstRow + slice.Rows)]);
        }
    }

    private static async Task<List<int>[]> DecodeTogetherAsync(DirectModel model, int[][] prompts, List<float[]>[] logits, int count)
    {
        var ids = Array.ConvertAll(logits, rows => new List<int> { Closeness.ArgMax(rows[^1]) });
        while (ids[0].Count < count)
        {
            var step = model.Steps.Decode([.. ids.Select((chosen, sequence) => (sequence, prompts[sequence].Length + chosen.Count - 1, chosen[^1]))]);
            var rows = await DirectRun.LogitsAsync(model, step);
            for (var sequence = 0; sequence < 3; sequence++)
            {
                logits[sequence].Add(rows[sequence]);
                ids[sequence].Add(Closeness.ArgMax(rows[sequence]));
            }
        }
        return ids;
    }

    private static async Task<int[]> LogitsAsync(Checkpoint checkpoint, ComputeMode mode, int[] prompt, int rowsMax, int groups, int threads)
    {
        await using var device = CpuDevice.Create(threads);
        using var model = await DirectModel.LoadAsync(checkpoint, device, mode, 1, prompt.Length, groups);
        return Bits((await DirectRun.PromptAsync(model, prompt, rowsMax)).Logits);
    }

    private static int[] Bits(IEnumerable<float[]> rows) => [.. rows.SelectMany(row => row.Select(BitConverter.SingleToInt32Bits))];
}
