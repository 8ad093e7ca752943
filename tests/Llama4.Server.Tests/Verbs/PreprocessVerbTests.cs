using Llama4.Images;
using Llama4.Model;

namespace Llama4.Server.Tests.Verbs;

public sealed class PreprocessVerbTests
{
    [Fact]
    public async Task Preprocess_OfEveryGoldenPicture_GivesTheReferencesGridAndValues()
    {
        using var folder = new TestFolder();
        var cases = GoldenLines.Read("image", "pixels.jsonl.gz");
        foreach (var one in cases)
        {
            var file = one.GetProperty("file").GetString()!;

            var run = await Llama4Run.OfAsync(
                "preprocess", Golden.Path("image", file), "--tile", $"{one.GetProperty("tile")}", "--max-patches", $"{one.GetProperty("max_patches")}", "--out", folder["out.safetensors"]);

            var answer = run.Json();
            foreach (var name in new[] { "grid", "resized" })
            {
                answer.Numbers(name).ShouldBe(one.Numbers(name), file);
            }

            answer.GetProperty("tiles").GetInt32().ShouldBe(one.GetProperty("tiles").GetInt32(), file);
            answer.Numbers("ids").Length.ShouldBe(answer.GetProperty("tokens").GetInt32(), file);
            using var pixels = SafetensorsFile.Open(folder["out.safetensors"]);
            var values = pixels.Tensors["pixel_values"];
            values.Shape.ShouldBe([one.GetProperty("tiles").GetInt32(), 3, one.GetProperty("tile").GetInt32(), one.GetProperty("tile").GetInt32()], file);
            var levels = Array.ConvertAll(values.ReadFloats(), value => (byte)PixelValues.Singles.IndexOf(value));
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(levels)).ShouldBe(one.GetProperty("levels_sha256").GetString(), file);
        }

        cases.Count.ShouldBe(53);
    }

    [Fact]
    public async Task Preprocess_ForAModel_TakesItsTilesAndItsIds()
    {
        using var folder = new TestFolder();

        var answer = (await Llama4Run.OfAsync(
            "preprocess", Golden.Path("image", "pixels", "42.png"), "--model", BundledModel.Directory, "--out", folder["out.safetensors"])).Json();

        answer.Numbers("grid").ShouldBe([2, 2]); // scout-nano: 112 pixels, 4 tiles
        answer.Numbers("canvas").ShouldBe([224, 224]);
        var specials = Llama4.Tokenization.TokenizerLoader.Load(BundledModel.Directory).Specials;
        answer.Numbers("ids")[0].ShouldBe(specials["<|image_start|>"]);
        answer.Numbers("ids").Count(id => id == specials["<|patch|>"]).ShouldBe(5 * 16);
    }

    [Fact]
    public async Task Preprocess_OfWhatIsNoPicture_FailsNamingTheFile()
    {
        using var folder = new TestFolder();

        var run = await Llama4Run.OfAsync("preprocess", Golden.Path("image", "bad", "document.pdf"), "--out", folder["out.safetensors"]);

        run.ShouldFailWith(CommandLine.Failure, "document.pdf: expected a PNG, JPEG, WebP or GIF file");
        File.Exists(folder["out.safetensors"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("--tile", "300", "--tile: expected a multiple of 28")]
    [InlineData("--max-patches", "0", "--max-patches: expected 1 to 1024")]
    public async Task Preprocess_ForTilesThatCannotBe_IsAUsageError(string option, string value, string message) =>
        (await Llama4Run.OfAsync("preprocess", "a.png", option, value, "--out", "b")).ShouldFailWith(CommandLine.Usage, message);

    [Fact]
    public async Task Preprocess_ForAModelAndOtherTiles_IsAUsageError() =>
        (await Llama4Run.OfAsync("preprocess", "a.png", "--model", "x", "--tile", "336", "--out", "b")).ShouldFailWith(CommandLine.Usage, "exclude");
}
