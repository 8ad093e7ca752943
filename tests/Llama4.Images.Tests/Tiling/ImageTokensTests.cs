using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Images.Tests.Tiling;

public sealed class ImageTokensTests
{
    private const string Placeholder = "<|image|>";

    [Fact]
    public void Ids_InEveryGoldenPrompt_AreTheReferences()
    {
        var tokenizer = TokenizerLoader.Load(Golden.Path("tokenizer", "llama4-tokenizer.model"));
        var ids = ImageTokenIds.Of(tokenizer);
        var prompts = GoldenImages.Read<PromptCase>("prompts.jsonl");
        foreach (var prompt in prompts)
        {
            var texts = prompt.Text.Split(Placeholder);
            texts.Length.ShouldBe(prompt.Images.Length + 1);
            var whole = new List<int>(tokenizer.Encode(texts[0], specials: true));
            foreach (var (image, text) in prompt.Images.Zip(texts.Skip(1)))
            {
                whole.AddRange(TileGridTests.LayoutOf(TileGrid.Of(image.Width, image.Height, new TileSettings())).Ids(ids));
                whole.AddRange(tokenizer.Encode(text, specials: true));
            }

            whole.ShouldBe(prompt.Ids.SelectMany(run => Enumerable.Repeat(run[0], run[1])), prompt.What);
            whole.Count.ShouldBe(prompt.Tokens);
        }

        prompts.Count.ShouldBe(7);
        ids.ShouldBe(ImageTokenIds.Llama4);
    }

    private sealed record PromptCase(string What, string Text, ImageSize[] Images, int Tokens, int[][] Ids);

    private sealed record ImageSize(int Width, int Height);
}
