namespace Llama4.Compute.Tests.Cpu;

public class RoutingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 16)]
    [InlineData(97, 17)]
    [InlineData(5, 511)]
    [InlineData(4, 512)]
    [InlineData(4, 513)]
    [InlineData(3, 2048)]
    [InlineData(2, 2500)]
    public Task ArgMax_OfFewDifferentValues_IsTheLowestIndexOfTheGreatest(int rows, int width) => EveryDevice.Run(async (device, _) =>
    {
        // Seven different values, so that ties are everywhere.
        float[] logits = [.. Samples.Integers(rows + width, rows * width, 7).Select(v => v - 3.5f)];
        using Tensor x = device.Floats(logits, rows);
        using Tensor ids = device.Rent(DType.I32, rows, 1);
        device.ArgMax(x, ids);
        int[] expected = [.. Enumerable.Range(0, rows).Select(r => Array.IndexOf(logits.Row(r, width), logits.Row(r, width).Max()))];
        (await device.ReadIntegers(ids)).ShouldBe(expected);
    });

    [Theory]
    [InlineData(new[] { float.NaN, -1f, float.NaN, 2f, 2f }, 3)]
    [InlineData(new[] { float.NaN, float.NaN }, 0)]
    [InlineData(new[] { float.NegativeInfinity, float.NegativeInfinity }, 0)]
    [InlineData(new[] { 0f, -0f, 0f }, 0)]
    [InlineData(new[] { 1f, float.PositiveInfinity, float.PositiveInfinity }, 1)]
    public async Task ArgMax_OfSpecialValues_NeverChoosesNaNOverANumber(float[] logits, int expected)
    {
        foreach (InstructionSet set in EveryDevice.Sets)
        {
            await using CpuDevice device = CpuDevice.Create(1, set);
            foreach (int before in new[] { 0, 15, 512, 1500 })
            {
                // Values no greater than any other come first and must not win; NaN only where nothing else is.
                float[] row = [.. Enumerable.Repeat(float.NaN, before), .. logits];
                using Tensor x = device.Floats(row, 1);
                using Tensor ids = device.Rent(DType.I32, 1, 1);
                device.ArgMax(x, ids);
                int winner = float.IsNaN(logits[expected]) ? 0 : before + expected;
                (await device.ReadIntegers(ids))[0].ShouldBe(winner, $"{before} before, {set.Name}");
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(33, 16)]
    [InlineData(97, 128)]
    public Task RouteTopOne_WithTies_TakesTheLowestAndItsSigmoid(int rows, int experts) => EveryDevice.Run(async (device, type) =>
    {
        float[] logits = [.. Samples.Integers(rows, rows * experts, 5).Select(v => v * 1.7f - 4)];
        using Tensor x = device.Floats(logits, rows);
        using Tensor chosen = device.Rent(DType.I32, rows, 1);
        using Tensor scores = device.Rent(type, rows, 1);
        device.RouteTopOne(x, chosen, scores);
        int[] expected = [.. Enumerable.Range(0, rows).Select(r => Array.IndexOf(logits.Row(r, experts), logits.Row(r, experts).Max()))];
        (await device.ReadIntegers(chosen)).ShouldBe(expected);
        (await device.ReadFloats(scores)).ShouldBeBits([.. expected.Select((e, r) => Sigmoid.Scalar(logits[r * experts + e]).As(type))], $"{type}");
    });

    [Fact]
    public Task GroupRows_OfSomeExperts_ListsThemByExpertThenRow() => EveryDevice.Run(async (device, _) =>
    {
        foreach ((int rows, int all, int first, int count) in new[] { (1, 1, 0, 1), (97, 16, 0, 16), (97, 16, 5, 4), (50, 128, 120, 8), (20, 4, 4, 3), (0, 4, 0, 4) })
        {
            int[] experts = Samples.Integers(rows + first, rows, all);
            using Tensor x = device.Rent(DType.I32, rows, 1);
            device.Upload<int>(experts, x);
            using Tensor order = device.Rent(DType.I32, rows, 1);
            using Tensor offsets = device.Rent(DType.I32, 1, count + 1);
            device.GroupRows(x, first, count, order, offsets);
            int[] runs = await device.ReadIntegers(offsets);
            int[] listed = await device.ReadIntegers(order);
            int[] expected = [.. Enumerable.Range(0, rows).Where(r => experts[r] >= first && experts[r] < first + count).OrderBy(r => experts[r])];
            listed[..expected.Length].ShouldBe(expected);
            runs.ShouldBe([.. Enumerable.Range(0, count + 1).Select(e => expected.Count(r => experts[r] < first + e))]);
        }
    });
}
