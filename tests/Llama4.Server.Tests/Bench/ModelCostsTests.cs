using Llama4.Model;
using Llama4.Server.Bench;
using Llama4.Server.Synth;

namespace Llama4.Server.Tests.Bench;

public sealed class ModelCostsTests
{
    [Fact]
    public void DecodeBytes_OfScout_AreItsActiveParametersInBf16()
    {
        var costs = new ModelCosts(SynthShape.Load("scout").Config);

        // 16,138,408,960 active parameters, as inspect counts them, are with norms and without the embedding's row.
        costs.DecodeBytes(rows: 1, touchedExperts: 48).ShouldBe(2.0 * (16_138_408_960 - 97 * 5_120 + 5_120));
        (costs.DecodeBytes(16, 48 * 10) - costs.DecodeBytes(16, 48 * 9)).ShouldBe(2.0 * 48 * 3 * 5_120 * 8_192);
    }

    [Fact]
    public void PrefillFlops_OfSeveralChunks_CountWhatEachPositionSees()
    {
        var config = Llama4Config.Load(Golden.Path("01-scout", "config.json"));
        var costs = new ModelCosts(config);
        var matrices = 8L * ((64 * 64 * 2) + (64 * 32 * 2) + (16 * 64) + (3 * 64 * 32) + (3 * 64 * 32));

        // 4 heads of 16; of 70 positions, chunked layers see 32, 32 and 6, and full ones everything before.
        var chunked = 2 * (32 * 33 / 2) + (6 * 7 / 2);
        var full = 70 * 71 / 2;
        costs.PrefillFlops(70).ShouldBe((2.0 * 70 * matrices) + (4.0 * 64 * (6 * chunked + 2 * full)) + (2.0 * 512 * 64));
    }
}
