namespace Llama4.Model.Tests;

public class ReferenceForwardTests
{
    /// <summary>All text cases but the two of thousands of positions, which the plain loops would take minutes for.</summary>
    public static readonly TheoryData<string> Cases =
    [
        "01-scout", "02-maverick", "03-rope-smooth-band", "04-no-chunk", "05-empty-no-rope-list", "06-explicit-layers",
        "07-rope-parameters-layer-types", "08-seed-config", "09a-temperature-int", "09b-temperature-off", "11-tied", "12-sharded", "13-batch",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_OnGoldenCase_GivesTheReferenceValues(string name)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");

        var output = new ReferenceForward(golden.Checkpoint).Run(prompt);

        output.Logits.ShouldBeCloseTo(golden.Rows("logits"), "logits");
        output.FinalNorm.ShouldBeCloseTo(golden.Rows("final_norm"), "final_norm");
        for (var layer = 0; layer < output.Layers.Count; layer++)
        {
            var actual = output.Layers[layer];
            actual.AttentionResidual.ShouldBeCloseTo(golden.Rows($"layers.{layer}.attn_residual"), $"layer {layer} attn_residual");
            actual.Output.ShouldBeCloseTo(golden.Rows($"layers.{layer}.output"), $"layer {layer} output");
            golden.Has($"layers.{layer}.expert").ShouldBe(actual.Experts is not null);
            if (actual.Experts is null)
                continue;
            actual.RouterLogits!.ShouldBeCloseTo(golden.Rows($"layers.{layer}.router_logits"), $"layer {layer} router_logits");
            actual.Experts.ShouldBe(golden.Ids($"layers.{layer}.expert"), $"layer {layer} expert");
        }
    }

    /// <summary>Without a cache, decoding greedily is one run over prompt and continuation: each row's choice is the next id.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_OverPromptAndContinuation_ChoosesTheGreedyIds(string name)
    {
        using var golden = new GoldenCase(name);
        var prompt = golden.Ids("input_ids");
        var continuation = golden.Ids("greedy_ids");

        var output = new ReferenceForward(golden.Checkpoint).Run([.. prompt, .. continuation[..^1]]);

        output.Logits.Skip(prompt.Length - 1).Select(Closeness.ArgMax).ShouldBe(continuation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Run_OnOtherSequencesOfTheBatchCase_GivesTheReferenceValues(int sequence)
    {
        using var golden = new GoldenCase("13-batch");

        var output = new ReferenceForward(golden.Checkpoint).Run(golden.Ids($"sequences.{sequence}.input_ids"));

        output.Logits.ShouldBeCloseTo(golden.Rows($"sequences.{sequence}.logits"), "logits");
    }
}
