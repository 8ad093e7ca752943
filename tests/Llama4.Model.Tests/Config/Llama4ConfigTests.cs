using System.Text;
using System.Text.Json.Nodes;

namespace Llama4.Model.Tests;

public class Llama4ConfigTests
{
    // ---- which layer does what ----

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData(null)]
    public void Parse_WithoutNoRopeLayers_LeavesEveryFourthWithoutRope(string? value)
    {
        var config = Parse(("num_hidden_layers", "9"), ("no_rope_layers", value));

        config.Layers.Select(layer => layer.UsesRope).ShouldBe([true, true, true, false, true, true, true, false, true]);
        config.Layers.Select(layer => layer.Mask == AttentionMask.Chunked).ShouldBe(config.Layers.Select(layer => layer.UsesRope));
    }

    [Fact]
    public void Parse_WithExplicitNoRopeLayers_ReadsOneAsUsesRope()
    {
        var config = Parse(("num_hidden_layers", "4"), ("no_rope_layers", "[0, 1, 1, 0]"));

        config.Layers.Select(layer => layer.UsesRope).ShouldBe([false, true, true, false]);
        config.Layers.Select(layer => layer.UsesQkNorm).ShouldBe([false, true, true, false]);
        config.Layers.Select(layer => layer.UsesTemperature).ShouldBe([true, false, false, true]);
    }

    [Fact]
    public void Parse_WithLayerTypes_TakesTheMaskFromThemAndRopeFromNoRopeLayers()
    {
        var config = Parse(
            ("num_hidden_layers", "3"), ("no_rope_layers", "[1, 0, 1]"), ("layer_types", """["full_attention", "chunked_attention", "chunked_attention"]"""));

        config.Layers.Select(layer => layer.Mask).ShouldBe([AttentionMask.Full, AttentionMask.Chunked, AttentionMask.Chunked]);
        config.Layers.Select(layer => layer.UsesRope).ShouldBe([true, false, true]);
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("8192", 8192)]
    [InlineData("8192.0", 8192)]
    [InlineData(null, 8192)]
    public void Parse_WithAChunkSize_ChunksRopeLayersIfThereIsOne(string? value, int? chunk)
    {
        var config = Parse(("attention_chunk_size", value));

        config.AttentionChunk.ShouldBe(chunk);
        config.HasChunkedLayers.ShouldBe(chunk is not null);
        config.HasFullLayers.ShouldBeTrue();
    }

    [Theory]
    [InlineData("4", true)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("null", false)]
    [InlineData(null, true)]
    public void Parse_WithTemperatureTuning_ReadsNumbersAsTruth(string? value, bool expected)
    {
        var config = Parse(("attn_temperature_tuning", value));

        config.Layers.ShouldAllBe(layer => layer.UsesTemperature == (expected && !layer.UsesRope));
    }

    [Theory]
    [InlineData(null, null, new[] { true, true, true, true })]
    [InlineData(null, "2", new[] { false, true, false, true })]
    [InlineData("null", "3", new[] { false, false, true, false })]
    [InlineData("[0, 2]", "2", new[] { true, false, true, false })]
    [InlineData("[]", "1", new[] { false, false, false, false })]
    public void Parse_WithMoeLayersOrAStep_KnowsTheMoeLayers(string? list, string? step, bool[] expected) =>
        Parse(("num_hidden_layers", "4"), ("moe_layers", list), ("interleave_moe_layer_step", step)).Layers.Select(layer => layer.IsMoe).ShouldBe(expected);

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData(null, true)]
    public void Parse_WithUseQkNorm_NormsOnRopeLayersOnly(string? value, bool expected) =>
        Parse(("use_qk_norm", value)).Layers.ShouldAllBe(layer => layer.UsesQkNorm == (expected && layer.UsesRope));

    // ---- numbers ----

    [Fact]
    public void Parse_OfBothFormsOfRopeScaling_GivesTheSame()
    {
        const string Fields = """ "factor": 16.0, "low_freq_factor": 1.0, "high_freq_factor": 1.0, "original_max_position_embeddings": 8192""";
        var released = Parse(("rope_theta", "500000"), ("rope_scaling", "{\"rope_type\": \"llama3\"," + Fields + "}"));
        var later = Parse(("rope_theta", null), ("rope_parameters", "{\"rope_type\": \"llama3\", \"rope_theta\": 500000.0," + Fields + "}"));

        later.RopeTheta.ShouldBe(500_000);
        released.RopeTheta.ShouldBe(500_000);
        later.RopeScaling.ShouldBe(new RopeScaling(16, 1, 1, 8192));
        released.RopeScaling.ShouldBe(later.RopeScaling);
        released.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"rope_type": "default", "rope_theta": 10000.0}""", 10_000)]
    [InlineData("""{"rope_theta": 20000}""", 20_000)]
    public void Parse_OfPlainRopeParameters_ScalesNothing(string parameters, double theta)
    {
        var config = Parse(("rope_parameters", parameters));

        config.RopeTheta.ShouldBe(theta);
        config.RopeScaling.ShouldBeNull();
    }

    [Fact]
    public void Parse_OfEarlyScoutScaling_Warns() =>
        Parse(("rope_scaling", """{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192}"""))
            .Warnings.ShouldHaveSingleItem().ShouldContain("16/1/1");

    [Fact]
    public void Parse_OfANestedConfig_ReadsTheTextPart()
    {
        var nested = new JsonObject { ["model_type"] = "llama4", ["text_config"] = Json(("vocab_size", "77")), ["tie_word_embeddings"] = true };

        var config = Llama4Config.Parse(Encoding.UTF8.GetBytes(nested.ToJsonString()), "config.json");

        config.VocabSize.ShouldBe(77);
        config.TiesEmbeddings.ShouldBeTrue();
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData(null, false)]
    public void Parse_WithTieWordEmbeddings_TiesOrNot(string? value, bool expected) =>
        Parse(("tie_word_embeddings", value)).TiesEmbeddings.ShouldBe(expected);

    [Theory]
    [InlineData("200001", new[] { 200001 })]
    [InlineData("[200001, 200007]", new[] { 200001, 200007 })]
    [InlineData("null", new int[0])]
    [InlineData(null, new int[0])]
    public void Parse_WithEosAsOneOrAList_ReadsBoth(string? value, int[] expected) => Parse(("eos_token_id", value)).EosIds.ShouldBe(expected);

    // ---- what is refused ----

    [Theory]
    [InlineData("vocab_size", null, "nothing")]
    [InlineData("hidden_size", null, "nothing")]
    [InlineData("num_hidden_layers", null, "nothing")]
    [InlineData("num_attention_heads", null, "nothing")]
    [InlineData("intermediate_size", null, "nothing")]
    [InlineData("hidden_size", "0", "0")]
    [InlineData("hidden_size", "-5", "-5")]
    [InlineData("hidden_size", "32.5", "32.5")]
    [InlineData("hidden_size", "\"32\"", "\"32\"")]
    [InlineData("hidden_size", "1e300", "1e300")]
    [InlineData("num_hidden_layers", "1000000", "1000000")]
    [InlineData("num_attention_heads", "3", "3")]
    [InlineData("head_dim", "7", "7")]
    [InlineData("num_experts_per_tok", "2", "2")]
    [InlineData("hidden_act", "\"gelu\"", "gelu")]
    [InlineData("attention_bias", "true", "true")]
    [InlineData("model_type", "\"llama\"", "llama")]
    [InlineData("quantization_config", "{\"quant_method\": \"fp8\"}", "fp8")]
    [InlineData("no_rope_layers", "[1, 1]", "2 items")]
    [InlineData("no_rope_layers", "[1, 1, 2, 0]", "2 at index 2")]
    [InlineData("layer_types", "[\"full_attention\"]", "1 items")]
    [InlineData("layer_types", "[\"full_attention\",\"full_attention\",\"sliding_attention\",\"full_attention\"]", "sliding_attention")]
    [InlineData("moe_layers", "[4]", "4 at index 0")]
    [InlineData("moe_layers", "[-1]", "-1 at index 0")]
    [InlineData("attention_chunk_size", "0", "0")]
    [InlineData("rms_norm_eps", "0", "0")]
    [InlineData("rope_theta", "-1", "-1")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\"}", "yarn")]
    [InlineData("rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":16}", "nothing")]
    [InlineData("rope_scaling", "3", "3")]
    public void Parse_OfAConfigThatIsWrong_NamesTheKeyAndTheValue(string key, string? value, string found)
    {
        var error = Should.Throw<CheckpointException>(() => Parse((key, value)));

        error.File.ShouldBe("config.json");
        error.Found.Replace("the item ", "").ShouldContain(found);
        error.Subject.ShouldStartWith("key ");
        error.Expected.ShouldNotBeEmpty();
        // A rope section's own keys are named with the section's.
        (error.Subject.Contains(key, StringComparison.Ordinal)).ShouldBeTrue(error.Subject);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"hidden_size\":")]
    public void Parse_OfWhatIsNoJsonObject_SaysSo(string json) =>
        Should.Throw<CheckpointException>(() => Llama4Config.Parse(Encoding.UTF8.GetBytes(json), "config.json")).File.ShouldBe("config.json");

    private static Llama4Config Parse(params (string Key, string? Value)[] changes) =>
        Llama4Config.Parse(Encoding.UTF8.GetBytes(Json(changes).ToJsonString()), "config.json");

    /// <summary>A right config with changes; a null value removes the key.</summary>
    private static JsonObject Json(params (string Key, string? Value)[] changes)
    {
        var json = JsonNode.Parse("""
            {
              "model_type": "llama4_text", "vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4,
              "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 16, "num_local_experts": 4, "num_experts_per_tok": 1
            }
            """)!.AsObject();
        foreach (var (key, value) in changes)
        {
            json.Remove(key);
            if (value is not null)
                json[key] = JsonNode.Parse(value);
        }
        return json;
    }
}
