namespace Llama4.Compute.Tests.Cpu;

/// <summary>Every operation refuses at the call what does not fit, with the numbers; and enqueues nothing.</summary>
public class ShapesTests
{
    private static readonly AttentionShape Shape = new(2, 1, 16, 1);

    public static TheoryData<string, Action<CpuDevice, Fixture>> Mistakes => new()
    {
        { "Rent", (d, _) => d.Rent(DType.F16, 1, 1) },
        { "Rent", (d, _) => d.Rent(DType.F32, -1, 1) },
        { "Rent", (d, _) => d.Rent(DType.F32, 1, 0) },
        { "View", (d, f) => d.View(f.Rows4, 3, 2) },
        { "View", (d, f) => d.View(f.Rows4, -1, 1) },
        { "Reshape", (d, f) => d.Reshape(f.Rows4, 3, 21) },
        { "Reshape", (d, f) => d.Reshape(f.Rows4, -4, -16) },
        { "AllocateKv", (d, _) => d.AllocateKv(new KvShape(0, 1, 16, DType.F32)) },
        { "AllocateKv", (d, _) => d.AllocateKv(new KvShape(1, 1, 15, DType.F32)) },
        { "AllocateKv", (d, _) => d.AllocateKv(new KvShape(1, 1, 514, DType.F32)) },
        { "AllocateKv", (d, _) => d.AllocateKv(new KvShape(1, 1, 16, DType.I32)) },
        { "Upload", (d, f) => d.Upload<float>(new float[63], f.Rows4) },
        { "Upload", (d, f) => d.Upload<ushort>(new ushort[64], f.Rows4) },
        { "Download", (d, f) => _ = d.DownloadAsync(f.Rows4, new byte[255]) },
        { "Stamp", (d, f) => d.Stamp(f.Four, 0) },
        { "Stamp", (d, f) => d.Stamp(f.Slots, 4) },
        { "CopyRows", (d, f) => d.CopyRows(f.Rows4, 3, f.Rows4, 0, 2) },
        { "CopyRows", (d, f) => d.CopyRows(f.Rows4, 0, f.Wide, 0, 1) },
        { "CopyRows", (d, f) => d.CopyRows(f.Rows4, 0, f.Bf16, 0, 1) },
        { "GatherRows", (d, f) => d.GatherRows(f.Rows4, f.Three, f.Rows4) },
        { "GatherRows", (d, f) => d.GatherRows(f.Rows4, f.Rows4, f.Rows4) },
        { "GatherRows", (d, f) => d.GatherRows(f.Four, f.Four, f.Column) },
        { "ScatterRows", (d, f) => d.ScatterRows(f.Rows4, f.Three, f.Rows4) },
        { "RmsNorm", (d, f) => d.RmsNorm(f.Rows4, f.Rows4, 0, f.Rows4) },
        { "RmsNorm", (d, f) => d.RmsNorm(f.Rows4, f.Row, 0, f.Wide) },
        { "LayerNorm", (d, f) => d.LayerNorm(f.Rows4, f.Row, f.Rows4, 0, f.Rows4) },
        { "LayerNorm", (d, f) => d.LayerNorm(f.Rows4, f.Row, f.Row, 0, f.Wide) },
        { "MatMul", (d, f) => d.MatMul(f.Wide, f.Weights, f.Rows4) },
        { "MatMul", (d, f) => d.MatMul(f.Rows4, f.Weights, f.Wide) },
        { "Add", (d, f) => d.Add(f.Rows4, f.Wide, f.Rows4) },
        { "Add", (d, f) => d.Add(f.Four, f.Four, f.Four) },
        { "AddRow", (d, f) => d.AddRow(f.Rows4, f.Rows4, f.Rows4) },
        { "AddRow", (d, f) => d.AddRow(f.Rows4, f.Row, f.Wide) },
        { "Gelu", (d, f) => d.Gelu(f.Rows4, f.Wide) },
        { "Gelu", (d, f) => d.Gelu(f.Four, f.Four) },
        { "SwiGlu", (d, f) => d.SwiGlu(f.Rows4, f.Rows4) },
        { "RopeAngles", (d, f) => d.RopeAngles(f.Four, f.Row, f.Rows4) },
        { "Rope", (d, f) => d.Rope(f.Wide, 0, 4, 16, f.Rows4) },
        { "Rope", (d, f) => d.Rope(f.Wide, 0, 1, 8, f.Rows4) },
        { "HeadNorm", (d, f) => d.HeadNorm(f.Wide, 40, 1, 16, 0) },
        { "TemperatureScales", (d, f) => d.TemperatureScales(f.Four, 1, 1, f.Rows4) },
        { "ScaleRows", (d, f) => d.ScaleRows(f.Rows4, 0, 17, f.Column, f.Rows4) },
        { "ScaleRows", (d, f) => d.ScaleRows(f.Rows4, 0, 16, f.Rows4, f.Rows4) },
        { "WriteKv", (d, f) => d.WriteKv(f.Rows4, Shape, f.Cache, f.Slots, f.Four) },
        { "WriteKv", (d, f) => d.WriteKv(f.Qkv, Shape, f.Cache, f.Four, f.Four) },
        { "WriteKv", (d, f) => d.WriteKv(f.Qkv, Shape with { HeadDim = 8 }, f.Cache, f.Slots, f.Four) },
        { "Attention", (d, f) => d.Attention(f.Qkv, Shape, f.Cache, f.Slots, f.Four, f.Rows4) },
        { "RouteTopOne", (d, f) => d.RouteTopOne(f.Bf16, f.Four, f.Column) },
        { "RouteTopOne", (d, f) => d.RouteTopOne(f.Rows4, f.Three, f.Column) },
        { "GroupRows", (d, f) => d.GroupRows(f.Four, 0, 4, f.Four, f.Slots) },
        { "GroupRows", (d, f) => d.GroupRows(f.Four, -1, 4, f.Four, f.Slots) },
        { "GroupedMatMul", (d, f) => d.GroupedMatMul(f.Rows4, [], f.Four, f.Four, true, true, f.Rows4) },
        { "GroupedMatMul", (d, f) => d.GroupedMatMul(f.Rows4, [f.Weights], f.Four, f.Four, true, true, f.Rows4) },
        { "ArgMax", (d, f) => d.ArgMax(f.Bf16, f.Four) },
        { "ArgMax", (d, f) => d.ArgMax(f.Rows4, f.Three) },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task Call_WithShapesThatDoNotFit_ThrowsAndEnqueuesNothing(string operation, Action<CpuDevice, Fixture> mistake)
    {
        await using CpuDevice device = CpuDevice.Create(1);
        using Fixture fixture = await Fixture.CreateAsync(device);
        ArgumentException thrown = Should.Throw<ArgumentException>(() => mistake(device, fixture), operation);
        thrown.Message.ShouldMatch("[0-9]|F32|BF16|I32|at least one", operation);
        await device.SynchronizeAsync();
    }

    [Fact]
    public async Task LoadMatrix_OfPartsThatDoNotFit_NamesThePart()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        using var bytes = ArrayBytes.Of(new float[12]);
        MatrixPart part = new(bytes, DType.F32, 3, 4, MatrixLayout.OutIn, "some.weight");
        await Refused([part with { Inputs = 5 }], DType.BF16);
        await Refused([part, part with { Outputs = 4, Inputs = 3 }], DType.BF16);
        await Refused([part with { DType = DType.I32 }], DType.BF16);
        await Should.ThrowAsync<ArgumentException>(async () => await device.LoadMatrixAsync([part], DType.F16));
        await Should.ThrowAsync<ArgumentException>(async () => await device.LoadMatrixAsync([], DType.BF16));
        device.NativeBytes.ShouldBe(0);

        async Task Refused(MatrixPart[] parts, DType storage) =>
            (await Should.ThrowAsync<ArgumentException>(async () => await device.LoadMatrixAsync(parts, storage))).Message.ShouldContain("some.weight");
    }

    public sealed class Fixture : IDisposable
    {
        public required Tensor Rows4 { get; init; }

        public required Tensor Wide { get; init; }

        public required Tensor Row { get; init; }

        public required Tensor Column { get; init; }

        public required Tensor Bf16 { get; init; }

        public required Tensor Four { get; init; }

        public required Tensor Three { get; init; }

        public required Tensor Slots { get; init; }

        public required Tensor Qkv { get; init; }

        public required Matrix Weights { get; init; }

        public required KvCache Cache { get; init; }

        public static async Task<Fixture> CreateAsync(CpuDevice device) => new()
        {
            Rows4 = device.Rent(DType.F32, 4, 16),
            Wide = device.Rent(DType.F32, 4, 48),
            Row = device.Rent(DType.F32, 1, 16),
            Column = device.Rent(DType.F32, 4, 1),
            Bf16 = device.Rent(DType.BF16, 4, 16),
            Four = device.Rent(DType.I32, 4, 1),
            Three = device.Rent(DType.I32, 3, 1),
            Slots = device.Rent(DType.I32, 4, 2),
            Qkv = device.Rent(DType.F32, 4, Shape.FusedWidth),
            Weights = await device.Matrix(new float[256], 16, 16),
            Cache = device.AllocateKv(new KvShape(1, 1, 16, DType.F32)),
        };

        public void Dispose()
        {
            foreach (IDisposable item in new IDisposable[] { Rows4, Wide, Row, Column, Bf16, Four, Three, Slots, Qkv, Weights, Cache })
            {
                item.Dispose();
            }
        }
    }
}
