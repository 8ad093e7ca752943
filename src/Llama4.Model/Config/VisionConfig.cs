namespace Llama4.Model;

/// <summary>The sizes of the vision tower and its projector, for the parameter table.</summary>
public sealed record VisionConfig
{
    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    /// <summary>Width of a block's feed-forward, and of an image token after the pixel shuffle.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Side of a tile in pixels.</summary>
    public required int TilePixels { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public required int PatchPixels { get; init; }

    public required int Channels { get; init; }

    /// <summary>Output of the adapter's first matrix.</summary>
    public required int ProjectorInput { get; init; }

    /// <summary>Output of the adapter's second matrix.</summary>
    public required int ProjectorOutput { get; init; }

    /// <summary>Input of the matrix into the text model.</summary>
    public required int OutputWidth { get; init; }

    /// <summary>Patches of a tile, and the class token.</summary>
    public int Positions => TilePixels / PatchPixels * (TilePixels / PatchPixels) + 1;

    /// <summary>Reads <c>vision_config</c>. No size has a default: those of the reference's class are of another model.</summary>
    internal static VisionConfig Read(ConfigFields vision)
    {
        var config = new VisionConfig
        {
            HiddenSize = vision.Size("hidden_size"),
            Layers = vision.Size("num_hidden_layers", 4096),
            Heads = vision.Size("num_attention_heads"),
            FeedForwardWidth = vision.Size("intermediate_size"),
            TilePixels = vision.Size("image_size", 1 << 14),
            PatchPixels = vision.Size("patch_size", 1 << 14),
            Channels = vision.Size("num_channels", 16),
            ProjectorInput = vision.Size("projector_input_dim"),
            ProjectorOutput = vision.Size("projector_output_dim"),
            OutputWidth = vision.Size("vision_output_dim"),
        };
        if (config.HiddenSize % config.Heads != 0)
            throw vision.Wrong("hidden_size", $"a multiple of num_attention_heads ({config.Heads})");
        if (config.TilePixels % config.PatchPixels != 0)
            throw vision.Wrong("image_size", $"a multiple of patch_size ({config.PatchPixels})");
        return config;
    }
}
