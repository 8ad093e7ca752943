using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Questions about small pictures of one shape, drawn here; the colour in the answer is checked.</summary>
internal sealed record ImagesPart : Part
{
    private static readonly (string Name, Rgb Color)[] Colors =
    [
        ("red", new(220, 30, 30)), ("blue", new(30, 60, 220)), ("green", new(20, 160, 50)), ("purple", new(140, 40, 170)), ("black", new(15, 15, 15)),
    ];

    private static readonly Rgb Background = new(250, 250, 250);

    /// <summary>Width and height in pixels.</summary>
    public LengthRange Pixels { get; init; } = new(112, 112);

    /// <summary>Pictures in one request.</summary>
    public int Pictures { get; init; } = 1;

    public int MaxTokens { get; init; } = 32;

    [JsonIgnore]
    public override string Kind => "images";

    public override string? Mistake() =>
        Pixels.Mistake("pixels", 2048)
        ?? new LengthRange(Pictures, Pictures).Mistake("pictures", 10)
        ?? new LengthRange(MaxTokens, MaxTokens).Mistake("max_tokens");

    public override Session Make(Draws draws, ulong seed)
    {
        var content = new JsonArray();
        var (name, color) = draws.Of(Colors);
        for (var i = 0; i < Pictures; i++)
        {
            var png = Png.Encode(Picture.Draw(draws, Pixels.Draw(draws), color, Background));
            content.Add(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = $"data:image/png;base64,{Convert.ToBase64String(png)}" } });
        }

        content.Add(new JsonObject { ["type"] = "text", ["text"] = "What color is the shape?" });
        return new Session(Label, null, [new Turn(content, MaxTokens, new Question("", name).IsRight)], Fields);
    }
}
