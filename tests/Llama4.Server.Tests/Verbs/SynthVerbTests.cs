using System.Text.Json;
using Llama4.Model;

namespace Llama4.Server.Tests.Verbs;

public sealed class SynthVerbTests
{
    [Fact]
    public async Task Synth_OfScoutBy32_HasItsCharacterInSmall()
    {
        using var folder = new TestFolder();

        var run = await Llama4Run.OfAsync("synth", "--shape", "scout", "--divide", "32", "--out", folder["tiny"]);

        run.ExitCode.ShouldBe(0, run.Error);
        run.Output.ShouldEndWith("19,253,920 parameters, 38.5 MB in 1 file\n");
        using var checkpoint = Checkpoint.Open(folder["tiny"]);
        var config = checkpoint.Config;
        (config.HiddenSize, config.Heads, config.KvHeads, config.HeadDim, config.Experts).ShouldBe((160, 5, 1, 32, 16));
        (config.AttentionChunk, config.FloorScale, config.RopeScaling!.OriginalPositions).ShouldBe((256, 256, 256));
        config.Layers.Select(l => l.UsesRope).ShouldBe([true, true, true, false, true, true, true, false]);
        config.EosIds.ShouldAllBe(id => id < config.VocabSize);
    }

    [Fact]
    public async Task Synth_OfMaverick_AlternatesDenseAndMoeLayersAndKeepsItsExperts()
    {
        using var folder = new TestFolder();

        (await Llama4Run.OfAsync("synth", "--shape", "maverick", "--divide", "128", "--out", folder["tiny"])).ExitCode.ShouldBe(0);

        using var checkpoint = Checkpoint.Open(folder["tiny"]);
        checkpoint.Config.Experts.ShouldBe(128);
        checkpoint.Config.Layers.Select(l => l.IsMoe).ShouldBe([false, true, false, true, false, true, false, true]);
        checkpoint.Config.Layers.ShouldAllBe(l => !l.UsesQkNorm);
    }

    [Theory]
    [InlineData("01-scout")]
    [InlineData("06-explicit-layers")]
    [InlineData("07-rope-parameters-layer-types")]
    [InlineData("08-seed-config")]
    [InlineData("11-tied")]
    public async Task Synth_OfAConfigOfAnyStyle_GivesFiniteLogitsThatTellTokensApart(string goldenCase)
    {
        using var folder = new TestFolder();

        (await Llama4Run.OfAsync("synth", "--shape", Golden.Path(goldenCase, "config.json"), "--out", folder["model"])).ExitCode.ShouldBe(0);

        using var checkpoint = Checkpoint.Open(folder["model"]);
        var original = Llama4Config.Load(Golden.Path(goldenCase, "config.json"));
        ParameterTable.Text(checkpoint.Config).Select(p => (p.Name, p.Count)).ShouldBe(ParameterTable.Text(original).Select(p => (p.Name, p.Count)));
        checkpoint.Config.Layers.ShouldBe(original.Layers);
        var output = new ReferenceForward(checkpoint).Run([.. Enumerable.Range(1, 12).Select(i => i * 17 % checkpoint.Config.VocabSize)]);
        output.Logits.ShouldAllBe(row => row.All(float.IsFinite));
        output.Logits.ShouldAllBe(row => Deviation(row) > 0.3 && Deviation(row) < 3); // about 1: neither flat nor a spike
        output.Logits.Select(row => Array.IndexOf(row, row.Max())).Distinct().Count().ShouldBeGreaterThan(6);
        output.Layers.Where(l => l.Experts is not null).ShouldAllBe(l => l.Experts!.Distinct().Count() > 1);
    }

    [Fact]
    public async Task Synth_WithTheSameSeed_WritesTheSameBytesAndWithAnotherOthers()
    {
        using var folder = new TestFolder();
        foreach (var (name, seed) in (IEnumerable<(string, string)>)[("a", "7"), ("b", "7"), ("c", "8")])
        {
            (await Llama4Run.OfAsync("synth", "--shape", Golden.Path("01-scout", "config.json"), "--seed", seed, "--out", folder[name])).ExitCode.ShouldBe(0);
        }

        var bytes = "abc".Select(name => File.ReadAllBytes(Path.Combine(folder[name.ToString()], "model.safetensors"))).ToArray();

        bytes[1].ShouldBe(bytes[0]);
        bytes[2].Length.ShouldBe(bytes[0].Length);
        bytes[2].AsSpan().SequenceEqual(bytes[0]).ShouldBeFalse();
    }

    [Fact]
    public async Task Synth_OntoAModel_RefusesAndLeavesIt()
    {
        using var folder = new TestFolder();
        folder.Write("config.json", "{}");

        var run = await Llama4Run.OfAsync("synth", "--shape", "scout", "--divide", "32", "--out", folder.Path);

        run.ShouldFailWith(CommandLine.Failure, "holds a model already");
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Fact]
    public async Task Synth_OfWhatNoDiskHolds_SaysSoBeforeItWrites()
    {
        using var folder = new TestFolder();
        var config = JsonSerializer.Deserialize<Dictionary<string, object>>(File.ReadAllText(Golden.Path("01-scout", "config.json")))!;
        config["vocab_size"] = 1 << 20;
        config["hidden_size"] = 1 << 20; // 2^40 parameters an embedding: 2 TB
        config["intermediate_size"] = 1 << 20;

        var run = await Llama4Run.OfAsync("synth", "--shape", folder.Write("huge.json", JsonSerializer.Serialize(config)), "--out", folder["model"]);

        run.ShouldFailWith(CommandLine.Failure, "the checkpoint takes");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("--shape scuot --out x", "--shape: expected scout, maverick or a config.json, found 'scuot'")]
    [InlineData("--shape scout --divide 0 --out x", "--divide: expected 1 to 1024, found 0")]
    [InlineData("--shape scout", "Option '--out' is required")]
    public async Task Synth_WithoutAShapeThatIsOne_IsAMistake(string options, string message) =>
        (await Llama4Run.OfAsync(["synth", .. options.Split(' ')])).ShouldFailWith(CommandLine.Usage, message);

    private static double Deviation(float[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
