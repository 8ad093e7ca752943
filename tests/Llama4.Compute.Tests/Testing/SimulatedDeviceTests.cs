using System.Runtime.InteropServices;
using Llama4.Compute.Testing;

namespace Llama4.Compute.Tests.Testing;

public class SimulatedDeviceTests
{
    private const int Experts = 16;
    private const long Ms = 1_000_000;
    private readonly HandClock _clock = new();

    [Fact]
    public async Task Download_BehindOperations_CompletesWhenTheirTimesHavePassed()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0.002, 0.004, Rows: 4), "test");
        Attend(device, rows: 4);
        Attend(device, rows: 2); // in proportion: half of 2 ms
        Task download = Download(device);
        _clock.AdvanceTo((3 * Ms) - 1);
        download.IsCompleted.ShouldBeFalse();
        _clock.AdvanceTo(3 * Ms);
        download.IsCompletedSuccessfully.ShouldBeTrue();
        device.Busy.ShouldBe(TimeSpan.FromMilliseconds(3));
        device.Attentions.ShouldBe((2, 6));
    }

    [Fact]
    public async Task Stamp_BehindOperations_IsOfWhenTheirTimesHavePassed()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0.002, 0.004, Rows: 4), "test");
        using Tensor stamps = device.Rent(DType.I32, 2, 2);
        device.Stamp(stamps, 0);
        Attend(device, rows: 4);
        device.Stamp(stamps, 1);
        var bytes = new byte[16];
        Task download = device.DownloadAsync(stamps, bytes, TestContext.Current.CancellationToken).AsTask();
        _clock.AdvanceTo(10 * Ms);
        await download;
        MemoryMarshal.Cast<byte, long>(bytes).ToArray().ShouldBe([0, 2 * Ms]);
    }

    [Fact]
    public async Task Operation_OnAnIdleQueue_StartsNowAndNotWhereTheQueueEnded()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0.002, 0, Rows: 1), "test");
        Attend(device, rows: 1);
        _clock.AdvanceTo(10 * Ms);
        Attend(device, rows: 1);
        Task end = device.SynchronizeAsync(TestContext.Current.CancellationToken).AsTask();
        _clock.AdvanceTo((12 * Ms) - 1);
        end.IsCompleted.ShouldBeFalse();
        _clock.AdvanceTo(12 * Ms);
        end.IsCompletedSuccessfully.ShouldBeTrue();
        device.Busy.ShouldBe(TimeSpan.FromMilliseconds(4));
    }

    [Fact]
    public async Task GroupedMatMul_OfAGroup_TakesTimeForTheRowsThatChoseIt()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0, 0.001, Rows: 1), "test");
        RunExperts(device, chosen: [3, 9, 8, 3, 15], first: 8, count: 4);
        device.Busy.ShouldBe(TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public async Task MatMul_ByRoofline_TakesTheLongerOfMemoryAndArithmetic()
    {
        await using var device = new SimulatedDevice(_clock, new RooflineTimes(BytesPerS: 1e9, FlopsPerS: 1e9, LaunchS: 0.001), "test");
        using Matrix weights = await device.LoadMatrixAsync(
            [new MatrixPart(new NoBytes(), DType.BF16, 500, 1000, MatrixLayout.OutIn, "w")], DType.BF16, TestContext.Current.CancellationToken);
        using (Tensor x = device.Rent(DType.BF16, 1, 1000), y = device.Rent(DType.BF16, 1, 500))
        {
            device.MatMul(x, weights, y); // 1,000,000 + 3,000 bytes against 1,000,000 FLOPs
        }

        device.Busy.TotalMilliseconds.ShouldBe(1 + 1.003, tolerance: 1e-6);
        using (Tensor x = device.Rent(DType.BF16, 10, 1000), y = device.Rent(DType.BF16, 10, 500))
        {
            device.MatMul(x, weights, y); // 10,000,000 FLOPs
        }

        device.Busy.TotalMilliseconds.ShouldBe(1 + 1.003 + 1 + 10, tolerance: 1e-6);
    }

    [Fact]
    public async Task RouteTopOne_OverManyRows_UsesEveryExpertAboutAlike()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0, 0, 1), "test");
        var counts = new int[Experts];
        for (int batch = 0; batch < 100; batch++)
        {
            using Tensor logits = device.Rent(DType.F32, 16, Experts), experts = device.Rent(DType.I32, 16, 1), scores = device.Rent(DType.BF16, 16, 1);
            device.RouteTopOne(logits, experts, scores);
            var chosen = new byte[16 * sizeof(int)];
            await device.DownloadAsync(experts, chosen, TestContext.Current.CancellationToken);
            foreach (int expert in MemoryMarshal.Cast<byte, int>(chosen))
            {
                counts[expert]++;
            }
        }

        counts.ShouldAllBe(count => count >= 95 && count <= 105);
    }

    [Fact]
    public async Task Tensor_DisposedTwiceOrUsedAfter_Throws()
    {
        await using var device = new SimulatedDevice(_clock, new GivenTimes(0, 0, 1), "test");
        Tensor tensor = device.Rent(DType.F32, 1, 4);
        tensor.Dispose();
        Should.Throw<ObjectDisposedException>(() => device.HeadNorm(tensor, 0, 1, 4, 1e-5f));
        Should.Throw<ObjectDisposedException>(tensor.Dispose);
    }

    private static void Attend(SimulatedDevice device, int rows)
    {
        var shape = new AttentionShape(2, 1, 8, 1);
        using KvCache cache = device.AllocateKv(new KvShape(4, 1, 8, DType.BF16));
        using Tensor qkv = device.Rent(DType.BF16, rows, shape.FusedWidth), places = device.Rent(DType.I32, rows, 2);
        using Tensor tables = device.Rent(DType.I32, rows, 1), y = device.Rent(DType.BF16, rows, shape.QueryWidth);
        device.Upload<int>(new int[2 * rows], places);
        device.Attention(qkv, shape, cache, places, tables, y);
    }

    private static void RunExperts(SimulatedDevice device, int[] chosen, int first, int count)
    {
        var weights = Enumerable.Range(0, count).Select(_ => (Matrix)new SimulatedMatrix(8, 4, DType.BF16)).ToArray();
        using Tensor x = device.Rent(DType.BF16, chosen.Length, 4), y = device.Rent(DType.BF16, chosen.Length, 8);
        using Tensor experts = device.Rent(DType.I32, chosen.Length, 1), order = device.Rent(DType.I32, chosen.Length, 1), offsets = device.Rent(DType.I32, 1, count + 1);
        device.Upload<int>(chosen, experts);
        device.GroupRows(experts, first, count, order, offsets);
        device.GroupedMatMul(x, weights, order, offsets, gather: true, scatter: false, y);
    }

    private static Task Download(SimulatedDevice device)
    {
        using Tensor tensor = device.Rent(DType.F32, 1, 4);
        return device.DownloadAsync(tensor, new byte[16]).AsTask();
    }

    private sealed class NoBytes : HostBytes
    {
        public override nint Address => throw new InvalidOperationException("a simulated device reads nothing");

        public override long Length => 0;

        public override void Dispose()
        {
        }
    }
}
