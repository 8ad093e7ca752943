using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>Case 17, as far as the model needs it: single operations at the edges, with the tolerances of its case.json.</summary>
public sealed class NumericsTests : IAsyncDisposable
{
    private readonly GoldenCase _golden = new("17-numerics");
    private readonly CpuDevice _device = CpuDevice.Create(1);

    /// <summary>A product that is off by one bit is another angle altogether at position 10,485,759: these hold it bit for bit.</summary>
    [Theory]
    [InlineData("scout")]
    [InlineData("maverick")]
    [InlineData("seed_8_4_1")]
    public async Task RopeAngles_OfPositionsUpToTheLast_AreThoseOfTheFloat32Product(string table)
    {
        var positions = _golden.Ids("rope.positions");
        using var rows = _device.Put(DType.I32, positions, positions.Length);
        using var frequencies = _device.Put(DType.F32, _golden.Floats($"rope.{table}.inv_freq"), 1);
        using var angles = _device.Rent(DType.F32, positions.Length, 128);

        _device.RopeAngles(rows, frequencies, angles);

        var found = await _device.ReadAsync<float>(angles);
        var (cos, sin) = (_golden.Floats($"rope.{table}.cos"), _golden.Floats($"rope.{table}.sin"));
        for (var i = 0; i < cos.Length; i++)
        {
            found[2 * i].ShouldBe(cos[i], 1.2e-7, $"cos of position {positions[i / 64]}, pair {i % 64}");
            found[2 * i + 1].ShouldBe(sin[i], 1.2e-7, $"sin of position {positions[i / 64]}, pair {i % 64}");
        }
    }

    [Fact]
    public async Task Rope_OfInterleavedPairs_RotatesAsTheReference()
    {
        var positions = _golden.Ids("rotate.positions");
        using var rows = _device.Put(DType.I32, positions, 4);
        using var frequencies = _device.Put(DType.F32, RopeFrequencies.Compute(16, 500_000, null), 1);
        using var angles = _device.Rent(DType.F32, 4, 16);
        _device.RopeAngles(rows, frequencies, angles);
        using var x = _device.Put(DType.F32, _golden.Floats("rotate.input"), 4);
        using var xBf16 = _device.Put(DType.BF16, _golden.Bits16("rotate.input_bf16"), 4);

        _device.Rope(x, 0, 1, 16, angles);
        _device.Rope(xBf16, 0, 1, 16, angles);

        ShouldBeNear(await _device.ReadAsync<float>(x), Array.ConvertAll(_golden.Floats("rotate.f32"), value => (double)value), 16);
        (await _device.ReadAsync<ushort>(xBf16)).ShouldBe(_golden.Bits16("rotate.bf16"));
    }

    [Fact]
    public async Task TemperatureScales_AroundEveryStep_AreTheReferences()
    {
        var positions = _golden.Ids("temperature.positions");
        using var rows = _device.Put(DType.I32, positions, positions.Length);
        using var scales = _device.Rent(DType.F32, positions.Length, 1);

        _device.TemperatureScales(rows, 8192, 0.1f, scales);

        var found = await _device.ReadAsync<float>(scales);
        var expected = _golden.Floats("temperature.scale");
        for (var i = 0; i < expected.Length; i++)
            found[i].ShouldBe(expected[i], 1.2e-7, $"position {positions[i]}");
    }

    [Fact]
    public async Task RmsNorm_OfOrdinaryAndTinyRows_RoundsBeforeTheWeight()
    {
        using var weight = _device.Put(DType.F32, _golden.Floats("norm.weight"), 1);
        using var weightBf16 = _device.Put(DType.BF16, Array.ConvertAll(_golden.Floats("norm.weight"), Bf16.FromFloat), 1);
        using var x = _device.Put(DType.F32, _golden.Floats("norm.input"), 12);
        using var xBf16 = _device.Put(DType.BF16, _golden.Bits16("norm.input_bf16"), 12);
        using var y = _device.Rent(DType.F32, 12, 96);
        using var yBf16 = _device.Rent(DType.BF16, 12, 96);

        _device.RmsNorm(x, weight, 1e-5f, y);
        _device.RmsNorm(xBf16, weightBf16, 1e-5f, yBf16);

        ShouldBeNear(await _device.ReadAsync<float>(y), _golden.Doubles("rms_norm.f64"), 96);
        (await _device.ReadAsync<ushort>(yBf16)).ShouldBe(_golden.Bits16("rms_norm.bf16"));
    }

    [Fact]
    public async Task LayerNorm_OfOrdinaryAndTinyRows_RoundsOnce()
    {
        var (weight, bias) = (_golden.Floats("norm.weight"), _golden.Floats("norm.bias"));
        using var w = _device.Put(DType.F32, weight, 1);
        using var b = _device.Put(DType.F32, bias, 1);
        using var wBf16 = _device.Put(DType.BF16, Array.ConvertAll(weight, Bf16.FromFloat), 1);
        using var bBf16 = _device.Put(DType.BF16, Array.ConvertAll(bias, Bf16.FromFloat), 1);
        using var x = _device.Put(DType.F32, _golden.Floats("norm.input"), 12);
        using var xBf16 = _device.Put(DType.BF16, _golden.Bits16("norm.input_bf16"), 12);
        using var y = _device.Rent(DType.F32, 12, 96);
        using var yBf16 = _device.Rent(DType.BF16, 12, 96);

        _device.LayerNorm(x, w, b, 1e-5f, y);
        _device.LayerNorm(xBf16, wBf16, bBf16, 1e-5f, yBf16);

        ShouldBeNear(await _device.ReadAsync<float>(y), _golden.Doubles("layer_norm.f64"), 96);
        var found = await _device.ReadAsync<ushort>(yBf16);
        var expected = _golden.Bits16("layer_norm.bf16");
        // Equal but at a rounding edge, where another order of sums may fall on the other side: one step then.
        found.Zip(expected).Count(pair => pair.First != pair.Second).ShouldBeLessThan(found.Length / 100);
        found.Zip(expected).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) <= 1);
    }

    [Fact]
    public async Task Gelu_OfLargeAndSmallNumbers_IsTheExactOne()
    {
        var input = _golden.Floats("gelu.input");
        var exact = _golden.Doubles("gelu.f64");
        var inputBf16 = _golden.Bits16("gelu.input_bf16");
        var reference = _golden.Bits16("gelu.bf16");
        using var x = _device.Put(DType.F32, input, 1);
        using var xBf16 = _device.Put(DType.BF16, inputBf16, 1);
        using var y = _device.Rent(DType.F32, 1, input.Length);
        using var yBf16 = _device.Rent(DType.BF16, 1, input.Length);

        _device.Gelu(x, y);
        _device.Gelu(xBf16, yBf16);

        var found = await _device.ReadAsync<float>(y);
        var foundBf16 = await _device.ReadAsync<ushort>(yBf16);
        for (var i = 0; i < input.Length; i++)
        {
            // The exact values come from 1 + erf in double, which loses its digits below zero.
            if (double.IsFinite(exact[i]))
                found[i].ShouldBe((float)exact[i], 1e-6 * Math.Abs(exact[i]) + 1.2e-16 * Math.Abs(input[i]), $"gelu({input[i]:R})");
            // The reference's 1 + erf loses its digits below zero: 1.2e-7·|x| is what that sum is good for.
            var (value, theirs) = (Bf16.ToFloat(foundBf16[i]), Bf16.ToFloat(reference[i]));
            if (Math.Abs(Bf16.ToFloat(inputBf16[i])) < 1e30)
                Math.Abs(value - theirs).ShouldBeLessThanOrEqualTo(Math.Abs(theirs) / 128 + 1.2e-7f * Math.Abs(Bf16.ToFloat(inputBf16[i])), $"bf16 {i}");
        }
    }

    [Theory]
    [InlineData("real", 336, 88)]
    [InlineData("tiny", 56, 16)]
    public void VisionRotation_OfSomePositions_IsTheReferences(string name, int tile, int headDim)
    {
        var vision = VisionConfigs.Of(tile, 14, 3) with { HiddenSize = headDim };
        var table = VisionRotation.Table(vision);
        var positions = _golden.Ids($"vision_rope.{name}.index");
        var (cos, sin) = (_golden.Floats($"vision_rope.{name}.cos"), _golden.Floats($"vision_rope.{name}.sin"));
        for (var i = 0; i < cos.Length; i++)
        {
            var (position, pair) = (positions[i / (headDim / 2)], i % (headDim / 2));
            table[position * headDim + 2 * pair].ShouldBe(cos[i], 1.2e-7, $"cos of position {position}, pair {pair}");
            table[position * headDim + 2 * pair + 1].ShouldBe(sin[i], 1.2e-7, $"sin of position {position}, pair {pair}");
        }
    }

    [Fact]
    public async Task HeadNorm_OfOrdinaryAndTinyRows_IsTheReferencesL2Norm()
    {
        using var x = _device.Put(DType.F32, _golden.Floats("norm.input"), 12);
        using var xBf16 = _device.Put(DType.BF16, _golden.Bits16("norm.input_bf16"), 12);

        _device.HeadNorm(x, 0, 1, 96, 1e-5f);
        _device.HeadNorm(xBf16, 0, 1, 96, 1e-5f);

        ShouldBeNear(await _device.ReadAsync<float>(x), _golden.Doubles("l2_norm.f64"), 96);
        (await _device.ReadAsync<ushort>(xBf16)).ShouldBe(_golden.Bits16("l2_norm.bf16"));
    }

    [Fact]
    public async Task SwiGlu_OfLargeAndSmallGates_RoundsSiluAndProduct()
    {
        using var x = _device.Put(DType.F32, [.. _golden.Floats("swiglu.gate"), .. _golden.Floats("swiglu.up")], 1);
        using var xBf16 = _device.Put(DType.BF16, [.. _golden.Bits16("swiglu.gate_bf16"), .. _golden.Bits16("swiglu.up_bf16")], 1);
        using var y = _device.Rent(DType.F32, 1, 28);
        using var yBf16 = _device.Rent(DType.BF16, 1, 28);

        _device.SwiGlu(x, y);
        _device.SwiGlu(xBf16, yBf16);

        var exact = _golden.Doubles("silu.f64").Zip(_golden.Floats("swiglu.up"), (silu, up) => silu * up).ToArray();
        ShouldBeNear(await _device.ReadAsync<float>(y), exact, 28);
        (await _device.ReadAsync<ushort>(yBf16)).ShouldBe(_golden.Bits16("swiglu.bf16"));
    }

    [Fact]
    public async Task RouteTopOne_OfSingleLogits_GivesTheReferencesScoresBitForBit()
    {
        var logits = Array.ConvertAll(_golden.Bits16("router_score.input_bf16"), Bf16.ToFloat);
        using var x = _device.Put(DType.F32, logits, logits.Length);
        using var experts = _device.Rent(DType.I32, logits.Length, 1);
        using var scores = _device.Rent(DType.F32, logits.Length, 1);
        using var scoresBf16 = _device.Rent(DType.BF16, logits.Length, 1);

        _device.RouteTopOne(x, experts, scores);
        _device.RouteTopOne(x, experts, scoresBf16);

        (await _device.ReadAsync<ushort>(scoresBf16)).ShouldBe(_golden.Bits16("router_score.bf16"));
        (await _device.ReadAsync<float>(scores)).ShouldBe(_golden.Floats("router_score.f32"));
    }

    [Fact]
    public async Task Bf16Rounding_OfEdgesAndSpecials_IsBitExactOnHostAndDevice()
    {
        var input = _golden.Floats("bf16_round.input");
        var expected = _golden.Bits16("bf16_round.output");
        using var x = _device.Put(DType.F32, input, 1);
        using var y = _device.Rent(DType.BF16, 1, input.Length);

        using var first = _device.Put(DType.I32, new[] { 0 }, 1);
        _device.GatherRows(x, first, y);

        Array.ConvertAll(input, Bf16.FromFloat).ShouldBe(expected);
        (await _device.ReadAsync<ushort>(y)).ShouldBe(expected);
    }

    public ValueTask DisposeAsync()
    {
        _golden.Dispose();
        return _device.DisposeAsync();
    }

    /// <summary>2e-6 of the row's largest value: the case's tolerance for float32.</summary>
    private static void ShouldBeNear(float[] actual, double[] expected, int width)
    {
        actual.Length.ShouldBe(expected.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var largest = expected.AsSpan(i / width * width, width).ToArray().Max(Math.Abs);
            Math.Abs(actual[i] - expected[i]).ShouldBeLessThanOrEqualTo(2e-6 * largest, $"row {i / width}, column {i % width}");
        }
    }
}
