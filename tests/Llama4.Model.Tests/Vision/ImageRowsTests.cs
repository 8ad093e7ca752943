using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>Case 16: text with two images, from pixels to logits and on.</summary>
public class ImageRowsTests
{
    [Fact]
    public async Task Run_WithImagesInFp32_GivesTheReferenceValuesAndGreedyIds()
    {
        using var golden = new GoldenCase("16-multimodal");
        var prompt = golden.Ids("input_ids");
        var continuation = golden.Ids("greedy_ids");
        await using var device = CpuDevice.Create(2);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, prompt.Length + continuation.Length);
        using var images = await ImagesAsync(golden, device, ComputeMode.Fp32, 0);

        (await device.ReadAsync<float>(images.Rows)).Chunk(model.Config.HiddenSize).ShouldBeCloseTo(golden.Rows("image_rows"), "image_rows");
        var run = await DirectRun.PromptAsync(model, prompt, images: images.Placed);
        for (var layer = 0; layer < run.Layers.Count; layer++)
        {
            run.Layers[layer].Residual.ShouldBeCloseTo(golden.Rows($"layers.{layer}.attn_residual"), $"layer {layer} attn_residual");
            run.Layers[layer].Output.ShouldBeCloseTo(golden.Rows($"layers.{layer}.output"), $"layer {layer} output");
            run.Layers[layer].Experts.ToArray().ShouldBe(golden.Ids($"layers.{layer}.expert"), $"layer {layer} expert");
        }
        run.Logits.ShouldBeCloseTo(golden.Rows("logits"), "logits");
        (await DirectRun.GreedyAsync(model, run.Logits[^1], prompt.Length, continuation.Length)).ShouldBe(continuation);
    }

    [Fact]
    public async Task Run_WithImagesInBf16_IsAsNearToFp32AsTheReference()
    {
        using var golden = new GoldenCase("16-multimodal");
        await using var device = CpuDevice.Create(2);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Bf16, 1, 60);
        using var images = await ImagesAsync(golden, device, ComputeMode.Bf16, 0);

        var run = await DirectRun.PromptAsync(model, golden.Ids("input_ids"), images: images.Placed);

        var bound = golden.Case.GetProperty("tolerances").GetProperty("bf16").GetProperty("rms_error_against_fp32_truth_max").GetDouble();
        run.Logits.RmsDistance(golden.Rows("logits")).ShouldBeLessThanOrEqualTo(bound);
    }

    /// <summary>Pieces that begin and end inside an image, and another sequence that has none.</summary>
    [Fact]
    public async Task Run_InPiecesBesideAnotherSequence_GivesTheSameBits()
    {
        using var golden = new GoldenCase("16-multimodal");
        var prompt = golden.Ids("input_ids");
        await using var device = CpuDevice.Create(2);
        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Bf16, 2, prompt.Length);
        using var images = await ImagesAsync(golden, device, ComputeMode.Bf16, 1);
        var whole = Bits((await DirectRun.PromptAsync(model, prompt, sequence: 1, images: images.Placed)).Logits);
        whole.ShouldNotBe(Bits((await DirectRun.PromptAsync(model, prompt, sequence: 1)).Logits), "without images it is another prompt");

        foreach (var rowsMax in new[] { 1, 7 })
            Bits((await DirectRun.PromptAsync(model, prompt, rowsMax, sequence: 1, images: images.Placed)).Logits).ShouldBe(whole, $"pieces of {rowsMax}");

        var together = new List<float[]>();
        foreach (var piece in new[] { (0, 10), (10, 13), (23, 9), (32, 28) })
        {
            var ids = prompt.AsMemory(piece.Item1, piece.Item2);
            var step = model.Steps.Plan([new DirectSlice(0, piece.Item1, ids), new DirectSlice(1, piece.Item1, ids)], LogitRows.All);
            together.AddRange((await DirectRun.LogitsAsync(model, step, images: images.Placed))[piece.Item2..]);
        }
        Bits(together).ShouldBe(whole, "beside the same ids without images");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void RequireCount_OfOtherRowsThanTokens_SaysBoth(int rows) =>
        Should.Throw<ArgumentException>(() => ImageRows.RequireCount([7, 492, 492, 8, 492, 492], 492, rows))
            .Message.ShouldBe($"the prompt has 4 patch tokens (id 492), the images make {rows} rows; expected as many");

    private static async Task<PlacedRows> ImagesAsync(GoldenCase golden, IDevice device, ComputeMode mode, int sequence)
    {
        using var tower = await VisionTower.LoadAsync(golden.Checkpoint, device, mode);
        var rows = await tower.ForwardAsync(TilePixels.OfValues(tower.Config, golden.Floats("pixel_values")));
        return new PlacedRows(rows, new ImageRows(device, sequence, golden.Ids("input_ids"), golden.Checkpoint.Config.PatchId, rows));
    }

    private static int[] Bits(IEnumerable<float[]> rows) => [.. rows.SelectMany(row => row.Select(BitConverter.SingleToInt32Bits))];

    private sealed record PlacedRows(Tensor Rows, ImageRows Placed) : IDisposable
    {
        public void Dispose() => Placed.Dispose();
    }
}
