namespace Llama4.Compute.Tests.Cpu;

public class KvCacheTests
{
    private static readonly AttentionShape Shape = new(6, 2, 20, 0.25f);

    [Fact]
    public Task Attention_OfMixedSequences_GivesEachWhatItGetsAlone() => EveryDevice.Run(async (device, type) =>
    {
        // Three sequences of different lengths, their blocks interleaved; two have several new rows, one has one.
        int[] lengths = [70, 1, 133];
        int[] fresh = [3, 1, 40];
        using KvCache cache = device.AllocateKv(new KvShape(9, Shape.KvHeads, Shape.HeadDim, type));
        int[][] tables = [[7, 0, 3, -1, -1], [5, -1, -1, -1, -1], [1, 8, 2, 6, 4]];
        float[][] sources = [.. lengths.Select((length, s) => Samples.Floats(s, length * Shape.FusedWidth, 2).As(type))];
        var alone = new float[3][];
        for (int s = 0; s < 3; s++)
        {
            using Tensor x = device.Floats(sources[s], lengths[s], type);
            using Tensor rows = device.Integers([.. Enumerable.Range(0, lengths[s]).SelectMany(p => new[] { 0, p })], lengths[s]);
            using Tensor table = device.Integers(tables[s], 1);
            using Tensor y = device.Rent(type, lengths[s], Shape.QueryWidth);
            device.WriteKv(x, Shape, cache, rows, table);
            device.Attention(x, Shape, cache, rows, table, y);
            alone[s] = (await device.ReadFloats(y))[((lengths[s] - fresh[s]) * Shape.QueryWidth)..];
        }

        int[] slots = [.. Enumerable.Range(0, 3).SelectMany(s => Enumerable.Range(lengths[s] - fresh[s], fresh[s]).SelectMany(p => new[] { s, p }))];
        float[] mixed = [.. Enumerable.Range(0, 3).SelectMany(s => sources[s][((lengths[s] - fresh[s]) * Shape.FusedWidth)..])];
        using Tensor allX = device.Floats(mixed, fresh.Sum(), type);
        using Tensor allRows = device.Integers(slots, fresh.Sum());
        using Tensor allTables = device.Integers([.. tables.SelectMany(t => t)], 3);
        using Tensor allY = device.Rent(type, fresh.Sum(), Shape.QueryWidth);
        device.WriteKv(allX, Shape, cache, allRows, allTables); // the same bits into the same slots
        device.Attention(allX, Shape, cache, allRows, allTables, allY);
        (await device.ReadFloats(allY)).ShouldBeBits([.. alone.SelectMany(part => part)], $"{type}");
    });

    [Fact]
    public Task Attention_OverNeverWrittenSlots_IsFinite() => EveryDevice.Run(async (device, type) =>
    {
        using KvCache cache = device.AllocateKv(new KvShape(2, Shape.KvHeads, Shape.HeadDim, type));
        using Tensor x = device.Floats(Samples.Floats(1, Shape.FusedWidth), 1, type);
        using Tensor table = device.Integers([1, 0], 1);
        using Tensor y = device.Rent(type, 1, Shape.QueryWidth);
        using Tensor rows = device.Integers([0, 40], 1);
        device.Attention(x, Shape, cache, rows, table, y);
        (await device.ReadFloats(y)).ShouldAllBe(v => v == 0);
    });

    [Fact]
    public Task Attention_WithStaleValuesBehindTheRow_IsThatOfAFreshCache() => EveryDevice.Run(async (device, type) =>
    {
        float[] found = await OfTwoRows(stale: true), expected = await OfTwoRows(stale: false);
        found.ShouldBeBits(expected, $"{type}");

        async Task<float[]> OfTwoRows(bool stale)
        {
            using KvCache cache = device.AllocateKv(new KvShape(1, Shape.KvHeads, Shape.HeadDim, type));
            using Tensor table = device.Integers([0], 1);
            if (stale)
            {
                using Tensor old = device.Floats(Samples.Floats(5, 32 * Shape.FusedWidth, 30), 32, type);
                using Tensor all = device.Integers([.. Enumerable.Range(0, 32).SelectMany(p => new[] { 0, p })], 32);
                device.WriteKv(old, Shape, cache, all, table);
            }

            using Tensor x = device.Floats(Samples.Floats(6, 2 * Shape.FusedWidth), 2, type);
            using Tensor rows = device.Integers([0, 0, 0, 1], 2);
            using Tensor y = device.Rent(type, 2, Shape.QueryWidth);
            device.WriteKv(x, Shape, cache, rows, table);
            device.Attention(x, Shape, cache, rows, table, y);
            return await device.ReadFloats(y);
        }
    });

    [Fact]
    public Task UploadBlocks_OfBlocksFromAnotherDevice_GiveAttentionTheSameBits() => EveryDevice.Run(async (device, type) =>
    {
        // 70 positions in blocks 4, 1 and 3; they come to blocks of the same numbers on a device with one thread and the narrowest vectors.
        int[] blocks = [4, 1, 3];
        await using CpuDevice other = CpuDevice.Create(1, InstructionSet.Narrow);
        float[] source = Samples.Floats(7, 70 * Shape.FusedWidth, 2).As(type);
        using KvCache from = device.AllocateKv(new KvShape(5, Shape.KvHeads, Shape.HeadDim, type));
        using KvCache to = other.AllocateKv(new KvShape(5, Shape.KvHeads, Shape.HeadDim, type));
        float[] expected = await Attend(device, from, source, writes: true);
        var page = new byte[blocks.Length * from.BlockBytes];
        await device.DownloadBlocksAsync(from, blocks, page);

        other.UploadBlocks(page, to, blocks);
        var back = new byte[page.Length];
        await other.DownloadBlocksAsync(to, blocks, back);

        back.ShouldBe(page);
        (await Attend(other, to, source, writes: false)).ShouldBeBits(expected, $"{type}");

        async Task<float[]> Attend(CpuDevice on, KvCache cache, float[] values, bool writes)
        {
            using Tensor x = on.Floats(values, 70, type);
            using Tensor rows = on.Integers([.. Enumerable.Range(0, 70).SelectMany(p => new[] { 0, p })], 70);
            using Tensor table = on.Integers(blocks, 1);
            using Tensor y = on.Rent(type, 70, Shape.QueryWidth);
            if (writes)
                on.WriteKv(x, Shape, cache, rows, table);
            on.Attention(x, Shape, cache, rows, table, y);
            return await on.ReadFloats(y);
        }
    });

    [Fact]
    public Task Blocks_ThatAreNotThere_AreRefused() => EveryDevice.Run((device, type) =>
    {
        using KvCache cache = device.AllocateKv(new KvShape(2, Shape.KvHeads, Shape.HeadDim, type));
        var bytes = new byte[cache.BlockBytes];
        Should.Throw<ArgumentException>(() => device.UploadBlocks(bytes, cache, [2]));
        Should.Throw<ArgumentException>(() => device.UploadBlocks(bytes, cache, [0, 1]));
        Should.Throw<ArgumentException>(() => device.DownloadBlocksAsync(cache, [-1], bytes).AsTask());
        Should.Throw<ArgumentException>(() => device.DownloadBlocksAsync(cache, [], Array.Empty<byte>()).AsTask());
        return Task.CompletedTask;
    });

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 64, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, 2)]
    [InlineData(0, 0, -1)]
    public async Task WriteKv_OutsideTheTable_IsAFault(int line, int key, int block)
    {
        var device = CpuDevice.Create(1);
        KvCache cache = device.AllocateKv(new KvShape(2, Shape.KvHeads, Shape.HeadDim, DType.F32));
        Tensor x = device.Floats(new float[Shape.FusedWidth], 1);
        Tensor rows = device.Integers([line, key], 1);
        Tensor table = device.Integers([block, 1], 1);
        device.WriteKv(x, Shape, cache, rows, table);
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.SynchronizeAsync());
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.DisposeAsync());
    }
}
