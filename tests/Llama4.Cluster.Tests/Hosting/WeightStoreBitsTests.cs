using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests.Hosting;

/// <summary>Weights from the store give the bits that blocks loaded one by one give, also while others are loaded and let go.</summary>
public class WeightStoreBitsTests
{
    private const int Layer = 3, Rows = 200;
    private static readonly string Maverick = Golden.Path("02-maverick");
    private static readonly HostId A = new("a"), B = new("b");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(128)]
    public async Task Experts_InAnyRanges_GiveTheBitsOfOneGroup(int groups)
    {
        await using var own = new StoreOfHost("a", Maverick);
        await own.Store.EnsureAsync(Plan(first: 0, count: 128), default);
        using var whole = await ExpertGroup.LoadAsync(own.Checkpoint, Layer, 0, 128, own.Device, ComputeMode.Bf16);
        using var step = new Input(own.Device);

        whole.Forward(step.Scaled, step.Experts, step.Output);
        var expected = await ReadAsync(own.Device, step.Output);
        step.Clear();
        for (var group = 0; group < groups; group++)
        {
            var (first, end) = (128 * group / groups, 128 * (group + 1) / groups);
            own.Store.Experts(Layer, first, end - first).Forward(step.Scaled, step.Experts, step.Output);
        }

        (await ReadAsync(own.Device, step.Output)).ShouldBe(expected);
        expected.Distinct().Count().ShouldBeGreaterThan(1000); // or nothing was computed
    }

    [Fact]
    public async Task Layer_OfTheStore_GivesTheBitsOfItsBlocks()
    {
        await using var own = new StoreOfHost("a", Maverick);
        await own.Store.EnsureAsync(Plan(first: 0, count: 1), default);
        using var router = await Router.LoadAsync(own.Checkpoint, Layer, own.Device, ComputeMode.Bf16);
        using var shared = await SharedExpert.LoadAsync(own.Checkpoint, Layer, own.Device, ComputeMode.Bf16);
        using var dense = await DenseFeedForward.LoadAsync(own.Checkpoint, 2, own.Device, ComputeMode.Bf16);
        using var vocabulary = await Vocabulary.LoadAsync(own.Checkpoint, own.Device, ComputeMode.Bf16);
        using var step = new Input(own.Device);

        using var expected = router.Forward(step.Scaled);
        using var routed = own.Store.Layer(Layer).Router!.Forward(step.Scaled);

        (await ReadAsync(own.Device, routed.Scaled)).ShouldBe(await ReadAsync(own.Device, expected.Scaled));
        await ShouldBeAlike(own.Device, shared.Forward(step.Scaled), own.Store.Layer(Layer).Shared!.Forward(step.Scaled));
        await ShouldBeAlike(own.Device, dense.Forward(step.Scaled), own.Store.Layer(2).Dense!.Forward(step.Scaled));
        await ShouldBeAlike(own.Device, vocabulary.Embed(step.Experts), own.Store.Vocabulary.Embed(step.Experts));
        (own.Store.Layer(Layer).Dense, own.Store.Layer(2).Router, own.Store.Layer(2).Shared).ShouldBe((null, null, null));
    }

    /// <summary>On a device that holds its work back: what was asked for before the trim is computed from whole weights.</summary>
    [Fact]
    public async Task TrimAsync_WithWorkPending_LetsItEndFirst()
    {
        await using var own = new StoreOfHost("a", Maverick, late: true);
        await own.Store.EnsureAsync(Plan(first: 0, count: 128), default);
        using var step = new Input(own.Device);
        var group = own.Store.Experts(Layer, 0, 128);
        group.Forward(step.Scaled, step.Experts, step.Output);
        var expected = await ReadAsync(own.Device, step.Output);
        step.Clear();

        group.Forward(step.Scaled, step.Experts, step.Output);
        await own.Store.TrimAsync([Plan(first: 0, count: 1)]);

        (await ReadAsync(own.Device, step.Output)).ShouldBe(expected);
        Should.Throw<ObjectDisposedException>(() => group.Forward(step.Scaled, step.Experts, step.Output));
    }

    private static PlacementPlan Plan(int first, int count) => new(1, A, A, [.. Enumerable.Range(0, 4).Select(layer => new LayerPlacement(
        layer, A, layer == Layer ? [new(0, first, count, A), new(1, first + count, 128 - count, B)] : []))]);

    private static async Task ShouldBeAlike(IDevice device, Tensor expected, Tensor found)
    {
        using (expected)
        using (found)
            (await ReadAsync(device, found)).ShouldBe(await ReadAsync(device, expected));
    }

    private static async Task<ushort[]> ReadAsync(IDevice device, Tensor tensor)
    {
        var bytes = new byte[tensor.Bytes];
        await device.DownloadAsync(tensor, bytes);
        return MemoryMarshal.Cast<byte, ushort>(bytes).ToArray();
    }

    /// <summary>Rows of noise, each with an expert.</summary>
    private sealed class Input : IDisposable
    {
        private const int Hidden = 64;
        private readonly IDevice _device;

        public Input(IDevice device)
        {
            _device = device;
            var random = new Random(5);
            Scaled = device.Rent(DType.BF16, Rows, Hidden);
            device.Upload<ushort>([.. Enumerable.Range(0, Rows * Hidden).Select(_ => (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16))], Scaled);
            Experts = device.Rent(DType.I32, Rows, 1);
            device.Upload<int>([.. Enumerable.Range(0, Rows).Select(_ => random.Next(128))], Experts);
            Output = device.Rent(DType.BF16, Rows, Hidden);
            Clear();
        }

        public Tensor Scaled { get; }

        public Tensor Experts { get; }

        public Tensor Output { get; }

        public void Clear() => _device.Upload<ushort>(new ushort[Rows * Hidden], Output);

        public void Dispose()
        {
            Scaled.Dispose();
            Experts.Dispose();
            Output.Dispose();
        }
    }
}
