using Llama4.Compute;

namespace Llama4.Model.Tests;

public class DirectModelTests
{
    [Fact]
    public async Task LoadAsync_OfAModel_CountsItsBytesAndReportsProgress()
    {
        using var golden = new GoldenCase("02-maverick");
        await using var device = CpuDevice.Create(1);
        var progress = new Shares();

        using var model = await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Bf16, 2, 64, 4, progress);

        // Panels of 16 outputs pad what is not a multiple of 16; nothing is left out or held twice.
        model.WeightBytes.ShouldBeInRange(golden.Checkpoint.WeightBytes, golden.Checkpoint.WeightBytes * 3 / 2);
        var config = golden.Checkpoint.Config;
        var positions = config.Layers.Sum(layer => 2 * (layer.Mask == AttentionMask.Chunked ? Math.Min(64, config.AttentionChunk!.Value) : 64));
        model.KvBytes.ShouldBe(2L * sizeof(ushort) * positions * config.KvHeads * config.HeadDim);
        progress.Values.Count.ShouldBe(config.Layers.Count);
        progress.Values.ShouldBe(progress.Values.Order());
        progress.Values[^1].ShouldBe(1);
    }

    [Fact]
    public async Task LoadAsync_WhenCancelled_LeavesNothingOnTheDevice()
    {
        using var golden = new GoldenCase("02-maverick");
        await using var device = CpuDevice.Create(1);
        using var cancellation = new CancellationTokenSource();
        var cancelling = new Shares { At = 0.5, Cancel = cancellation };

        await Should.ThrowAsync<OperationCanceledException>(async () =>
            await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, 64, 1, cancelling, cancellation.Token));

        await device.SynchronizeAsync();
        device.NativeBytes.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public async Task LoadAsync_WithMoreGroupsThanExperts_Throws(int groups)
    {
        using var golden = new GoldenCase("01-scout");
        await using var device = CpuDevice.Create(1);

        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () =>
            await DirectModel.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1, 64, groups));
    }

    private sealed class Shares : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public double At { get; init; } = 2;

        public CancellationTokenSource? Cancel { get; init; }

        public void Report(double value)
        {
            Values.Add(value);
            if (value >= At)
                Cancel!.Cancel();
        }
    }
}
