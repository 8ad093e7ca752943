using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;

namespace Llama4.Gateway.Tests.Clients;

/// <summary>A cluster that answers as the real clients' tests want it, by what the prompt holds.</summary>
internal static class ClientScript
{
    public const string Text = "The capital of France is Paris.";
    public const string Call = "[get_weather(city=\"Paris\")]";
    public const string AfterCall = "It is 21 degrees in Paris.";
    public const string OfPicture = "A red square.";
    public const string Structured = "{\"city\":\"Paris\",\"people\":2102650}";

    /// <summary>8 x 8 pixels of pure red.</summary>
    public const string RedPng =
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII=";

    public static ScriptedClient Cluster() => new(generation =>
    {
        generation.Text(Answer(generation.Request));
        generation.Token(ScoutNano.Eot, FinishReason.Stop);
    });

    public static Task<TestGateway> StartAsync() =>
        TestGateway.StartAsync(Cluster(), options => options with { Tiles = new TileSettings(tilePixels: 112, tilesMax: 4) });

    private static string Answer(GenerateRequest request)
    {
        var prompt = ScoutNano.Tokenizer.Decode(request.Prompt);
        return prompt switch
        {
            _ when prompt.Contains("as JSON", StringComparison.Ordinal) => Structured,
            _ when prompt.Contains("ipython", StringComparison.Ordinal) => AfterCall,
            _ when prompt.Contains("get_weather", StringComparison.Ordinal) => Call,
            _ when request.Images.Length > 0 => OfPicture,
            _ => Text,
        };
    }
}
