using Llama4.Model;
using Llama4.Server.Serving;
using Llama4.Tokenization;

namespace Llama4.Server.Tests.Serving;

public sealed class ServedModelTests
{
    [Fact]
    public void Model_WithAGenerationConfig_HasItsSettings()
    {
        using var folder = Copy("""{"do_sample":true,"temperature":0.7,"top_p":0.8,"top_k":40,"repetition_penalty":1.1,"eos_token_id":1953}""");

        var model = ServedModel.Load(folder.Path);

        model.Defaults.ShouldBe(new() { Temperature = 0.7, TopP = 0.8, TopK = 40, RepetitionPenalty = 1.1 });
        model.StopIds.ShouldBe([1953]);
    }

    [Theory]
    [InlineData("""{"do_sample":false,"temperature":0.7}""", 0)]
    [InlineData("""{"temperature":null}""", 1)]
    [InlineData(null, 1)]
    public void Model_WithoutSampling_IsGreedyOrNeutral(string? generationConfig, double temperature)
    {
        using var folder = Copy(generationConfig);

        var model = ServedModel.Load(folder.Path);

        model.Defaults.ShouldBe(new() { Temperature = temperature });
        model.StopIds.ShouldBe([1953, 1959, 1960]); // config.json's
    }

    [Theory]
    [InlineData("""{"temperature":"warm"}""", "key temperature: expected a number")]
    [InlineData("""{"top_p":2}""", "key top_p: expected a number")]
    [InlineData("""{"eos_token_id":"x"}""", "generation_config.json")]
    [InlineData("[]", "generation_config.json")]
    [InlineData("{", "generation_config.json")]
    public void Model_WithABadGenerationConfig_NamesTheFile(string text, string message)
    {
        using var folder = Copy(text);

        Should.Throw<CheckpointException>(() => ServedModel.Load(folder.Path)).Message.ShouldContain(message);
    }

    [Fact]
    public void Model_WithoutATokenizer_IsRefused()
    {
        using var folder = Copy(null);
        File.Delete(folder["tokenizer.json"]);

        Should.Throw<TokenizerFormatException>(() => ServedModel.Load(folder.Path));
    }

    private static TestFolder Copy(string? generationConfig)
    {
        var folder = new TestFolder();
        foreach (var name in (string[])["config.json", "tokenizer.json"])
        {
            File.Copy(Path.Combine(BundledModel.Directory, name), folder[name]);
        }

        if (generationConfig is not null)
        {
            folder.Write("generation_config.json", generationConfig);
        }

        return folder;
    }
}
