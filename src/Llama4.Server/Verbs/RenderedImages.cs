using System.Globalization;
using System.Text.Json;
using Llama4.Gateway.Pictures;
using Llama4.Images;
using Llama4.Server.Output;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Verbs;

/// <summary>Pictures of <c>llama4 render</c>: sizes alone, since a prompt depends on nothing else of them.</summary>
/// <param name="Settings">How the model cuts them into tiles.</param>
internal sealed record RenderedImages(TileSettings Settings)
{
    // What a person's camera and a scanner may give, with room; a prompt depends on the ratio of the sides only, past the tiles' size.
    private const int PixelsOfSideMax = 1 << 20;

    /// <summary>Those of the tokenizer's model: of preprocessor_config.json beside it, else Llama 4's.</summary>
    public static RenderedImages Of(string tokenizer) =>
        new(TileSettingsFile.ReadAlone(Directory.Exists(tokenizer) ? tokenizer : Path.GetDirectoryName(tokenizer) ?? ""));

    /// <summary>Lays out the dialog's pictures: <c>image:K</c> is the one of index K, any other the next in order.</summary>
    public IReadOnlyList<ChatMessage> LayOut(IReadOnlyList<ChatMessage> messages, JsonElement sizes)
    {
        var layouts = Layouts(sizes);
        var next = 0;
        return [.. messages.Select(message => message with
        {
            Content = [.. message.Content.Select(part => part is ImagePart image ? image with { Layout = layouts[IndexOf(image)] } : part)],
        })];

        int IndexOf(ImagePart image)
        {
            var index = image.Url?.Split("image:") is ["", var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var named) ? named : next++;
            return index < layouts.Length ? index : throw new InvalidDataException($"\"images\": expected at least {index + 1} of them, found {layouts.Length}");
        }
    }

    private ImageLayout[] Layouts(JsonElement sizes) => sizes.ValueKind == JsonValueKind.Array
        ? [.. sizes.EnumerateArray().Select((size, i) => TileGrid.Of(Side(size, i, "width"), Side(size, i, "height"), Settings).Layout())]
        : throw new InvalidDataException($"\"images\": expected an array of {{\"width\",\"height\"}}, found {sizes.GetRawText()}");

    private static int Side(JsonElement size, int index, string name)
    {
        var side = size.Member(name);
        return side.ValueKind == JsonValueKind.Number && side.TryGetInt32(out var pixels) && pixels is >= 1 and <= PixelsOfSideMax
            ? pixels
            : throw new InvalidDataException($"\"images\"[{index}].{name}: expected 1 to {PixelsOfSideMax}, found {side.GetRawText()}");
    }
}
