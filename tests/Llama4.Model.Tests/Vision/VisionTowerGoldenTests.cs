using Llama4.Compute;
using Llama4.Compute.Testing;

namespace Llama4.Model.Tests;

/// <summary>The tower on the CPU device against the reference implementation's values, with the goldens' own tolerances.</summary>
public class VisionTowerGoldenTests
{
    private static readonly string[] Stages = ["embedding", "layers.0.output", "layers.1.output", "post_norm", "pixel_shuffle", "adapter", "projector"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Forward_InFp32_GivesTheReferenceValuesOfEveryStage(int tilesAtOnce)
    {
        await using var device = CpuDevice.Create(2);
        await CheckFp32Async(device, tilesAtOnce);
    }

    /// <summary>Everything late, on another thread, with poisoned memory.</summary>
    [Fact]
    public async Task Forward_OnALateDevice_GivesTheReferenceValues()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        await CheckFp32Async(device, 1);
    }

    [Fact]
    public async Task Forward_InBf16_IsAsNearToFp32AsTheReference()
    {
        using var golden = new GoldenCase("14-vision-tiny");
        await using var device = CpuDevice.Create(2);

        var run = await TowerRun.OfAsync(golden.Checkpoint, device, ComputeMode.Bf16, vision => Pixels(golden, vision), 2);

        var bound = golden.Case.GetProperty("tolerances").GetProperty("bf16");
        foreach (var stage in Stages)
        {
            var reference = bound.GetProperty("hf_bf16").GetProperty(stage).GetProperty("hf_bf16_rms_error").GetDouble();
            // Far smaller would be no bf16 at all.
            OfGolden(golden, run, stage).RmsDistance(golden.Rows(stage)).ShouldBeInRange(reference / 10, 1.1 * reference, stage);
        }
        run.Rows.RmsDistance(golden.Rows("projector")).ShouldBeLessThanOrEqualTo(bound.GetProperty("rms_error_against_fp32_truth_max_for_projector").GetDouble());
    }

    [Fact]
    public void Table_OfTheTinyTower_IsTheReferencesRotation()
    {
        using var golden = new GoldenCase("14-vision-tiny");

        var table = VisionRotation.Table(golden.Checkpoint.Config.Vision!);

        var expected = golden.Floats("rotation");
        table.Length.ShouldBe(expected.Length);
        for (var i = 0; i < table.Length; i++)
            table[i].ShouldBe(expected[i], 1.2e-7, $"value {i}");
    }

    private static async Task CheckFp32Async(IDevice device, int tilesAtOnce)
    {
        using var golden = new GoldenCase("14-vision-tiny");
        var run = await TowerRun.OfAsync(golden.Checkpoint, device, ComputeMode.Fp32, vision => Pixels(golden, vision), tilesAtOnce);
        foreach (var stage in Stages)
            OfGolden(golden, run, stage).ShouldBeCloseTo(golden.Rows(stage), stage);
    }

    private static TilePixels Pixels(GoldenCase golden, VisionConfig vision) => TilePixels.OfValues(vision, golden.Floats("pixel_values"));

    /// <summary>The golden's post_norm is without the class token.</summary>
    private static float[][] OfGolden(GoldenCase golden, TowerRun run, string stage)
    {
        var positions = golden.Checkpoint.Config.Vision!.Positions;
        return stage == "post_norm" ? [.. run.Stages[stage].Where((_, row) => row % positions != positions - 1)] : run.Stages[stage];
    }
}
