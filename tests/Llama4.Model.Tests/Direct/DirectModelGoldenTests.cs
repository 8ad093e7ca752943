using Llama4.Compute;
using Llama4.Compute.Testing;

namespace Llama4.Model.Tests;

/// <summary>The blocks on the CPU device against the reference implementation's values, with the goldens' own tolerances.</summary>
public class DirectModelGoldenTests
{
    public static readonly TheoryData<string> Short =
    [
        "01-scout", "02-maverick", "03-rope-smooth-band", "04-no-chunk", "05-empty-no-rope-list", "06-explicit-layers",
        "07-rope-parameters-layer-types", "08-seed-config", "09a-temperature-int", "09b-temperature-off", "11-tied", "12-sharded", "13-batch",
    ];

    /// <summary>Thousands of positions, the last 32 of which are compared.</summary>
    public static readonly TheoryData<string> Long = ["10-real-geometry", "10b-past-16383"];

    [Theory]
    [MemberData(nameof(Short))]
    public async Task Run_InFp32_GivesTheReferenceValuesAndGreedyIds(string name)
    {
        await using var device = CpuDevice.Create(2);
        await CheckFp32Async(name, device);
    }

    /// <summary>Everything late, on another thread, with poisoned memory: no caller may rely on a device that is done when it returns.</summary>
    [Theory]
    [InlineData("01-scout")]
    [InlineData("02-maverick")]
    public async Task Run_OnALateDevice_GivesTheReferenceValuesAndGreedyIds(string name)
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        await CheckFp32Async(name, device);
    }

    [Theory]
    [MemberData(nameof(Long))]
    public async Task Run_InFp32PastChunkBorders_GivesTheReferenceValues(string name)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");
        await using var device = CpuDevice.Create(2);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, prompt.Length);

        var run = await DirectRun.PromptAsync(model, prompt, 512, firstKept: golden.Ids("positions")[0]);

        CheckValues(golden, run);
    }

    [Theory]
    [MemberData(nameof(Short))]
    [InlineData("10-real-geometry")]
    public async Task Run_InBf16_IsAsNearToFp32AsTheReference(string name)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");
        await using var device = CpuDevice.Create(2);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Bf16, 1, prompt.Length);

        var run = await DirectRun.PromptAsync(model, prompt, 512, firstKept: golden.Ids("positions")[0]);

        var truth = golden.Rows("logits");
        var bound = golden.Case.GetProperty("tolerances").GetProperty("bf16");
        // The bound is 1.1 times the reference's own error: of the eager run, which is stored, or the other if that was larger.
        var eager = golden.Rows("logits_bf16_run").RmsDistance(truth);
        var sdpa = bound.TryGetProperty("hf_bf16_sdpa_rms_error", out var value) ? value.GetDouble() : 0;
        run.Logits.RmsDistance(truth).ShouldBeLessThanOrEqualTo(1.1 * Math.Max(eager, sdpa));
        bound.GetProperty("rms_error_against_fp32_truth_max").GetDouble().ShouldBe(1.1 * Math.Max(eager, sdpa), 0.01 * eager);
    }

    private static async Task CheckFp32Async(string name, IDevice device)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");
        var continuation = golden.Ids("greedy_ids");
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, prompt.Length + continuation.Length);

        var run = await DirectRun.PromptAsync(model, prompt);
        CheckValues(golden, run);
        (await DirectRun.GreedyAsync(model, run.Logits[^1], prompt.Length, continuation.Length)).ShouldBe(continuation);
    }

    private static void CheckValues(GoldenCase golden, DirectRun run)
    {
        run.Layers.Count.ShouldBe(golden.Checkpoint.Config.Layers.Count);
        for (var layer = 0; layer < run.Layers.Count; layer++)
        {
            var actual = run.Layers[layer];
            actual.Residual.ShouldBeCloseTo(golden.Rows($"layers.{layer}.attn_residual"), $"layer {layer} attn_residual");
            golden.Has($"layers.{layer}.expert").ShouldBe(actual.Experts.Count > 0);
            if (actual.Experts.Count > 0)
            {
                actual.RouterLogits.ShouldBeCloseTo(golden.Rows($"layers.{layer}.router_logits"), $"layer {layer} router_logits");
                actual.Experts.ToArray().ShouldBe(golden.Ids($"layers.{layer}.expert"), $"layer {layer} expert");
            }
            actual.Output.ShouldBeCloseTo(golden.Rows($"layers.{layer}.output"), $"layer {layer} output");
        }
        run.Logits.ShouldBeCloseTo(golden.Rows("logits"), "logits");
    }
}
