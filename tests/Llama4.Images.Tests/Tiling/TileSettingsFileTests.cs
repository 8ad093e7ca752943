namespace Llama4.Images.Tests.Tiling;

public sealed class TileSettingsFileTests
{
    private const string Config = """{"vision_config":{"image_size":112,"patch_size":14,"pixel_shuffle_ratio":0.5}}""";

    [Theory]
    [InlineData(Config, null, 16)]
    [InlineData(Config, """{"max_patches":4,"size":{"height":112,"width":112},"resize_to_max_canvas":false,"resample":2,"image_mean":[0.5,0.5,0.5]}""", 4)]
    [InlineData(Config, "{}", 16)]
    public void Read_OfACheckpoint_GivesItsSettings(string config, string? preprocessor, int tiles) =>
        Read(config, preprocessor).ShouldBe(new TileSettings(112, tiles));

    [Theory]
    [InlineData("{}", null, "vision_config")]
    [InlineData("[]", null, "a JSON object")]
    [InlineData("{", null, "config.json")]
    [InlineData("""{"vision_config":{}}""", null, "\"image_size\": expected a positive number, found nothing")]
    [InlineData("""{"vision_config":{"image_size":100}}""", null, "a multiple of 28")]
    [InlineData("""{"vision_config":{"image_size":112,"pixel_shuffle_ratio":0}}""", null, "expected a tile")]
    [InlineData(Config, """{"max_patches":0}""", "\"max_patches\": expected a positive number, found 0")]
    [InlineData(Config, """{"size":{"height":336,"width":336}}""", "expected vision_config's image_size of 112")]
    [InlineData(Config, """{"resize_to_max_canvas":true}""", "\"resize_to_max_canvas\": expected false")]
    [InlineData(Config, """{"resample":3}""", "\"resample\": expected 2")]
    [InlineData(Config, """{"image_std":[0.2,0.2,0.2]}""", "\"image_std\": expected [0.5, 0.5, 0.5]")]
    public void Read_OfWhatIsNotOurs_SaysTheFileAndTheField(string config, string? preprocessor, string message) =>
        Should.Throw<InvalidDataException>(() => Read(config, preprocessor)).Message.ShouldContain(message);

    private static TileSettings Read(string config, string? preprocessor)
    {
        var folder = Directory.CreateTempSubdirectory("llama4-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "config.json"), config);
            if (preprocessor is not null)
            {
                File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), preprocessor);
            }

            return TileSettingsFile.Read(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
