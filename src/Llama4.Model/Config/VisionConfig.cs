using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The sizes of the vision tower and its projector.</summary>
public sealed record VisionConfig
{
    /// <summary>Values of a tile that is computed with: a hundred times the released model's 338,688.</summary>
    private const int TileValuesMax = 1 << 25;

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

    /// <summary>Base of the rotation's frequencies.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Side, in patches, of the squares that the pixel shuffle makes one row of: 1 / <c>pixel_shuffle_ratio</c>.</summary>
    public double ShuffleSide { get; init; } = 2;

    /// <summary>Components of a head.</summary>
    public int HeadDim => HiddenSize / Heads;

    public AttentionShape Attention => new(Heads, Heads, HeadDim, (float)(1 / Math.Sqrt(HeadDim)));

    public int PatchesOfSide => TilePixels / PatchPixels;

    public int Patches => PatchesOfSide * PatchesOfSide;

    /// <summary>Patches of a tile, and the class token.</summary>
    public int Positions => Patches + 1;

    /// <summary>Values of a patch.</summary>
    public int PatchWidth => checked(Channels * PatchPixels * PatchPixels);

    /// <summary>Values of a tile.</summary>
    public int PixelsOfTile => checked(Channels * TilePixels * TilePixels);

    /// <summary>Rows that a tile becomes: patch tokens of the prompt.</summary>
    public int RowsOfTile => Patches / (Side * Side);

    /// <summary>Width of a row after the pixel shuffle.</summary>
    public int ShuffledWidth => checked(HiddenSize * Side * Side);

    private int Side => (int)ShuffleSide;

    /// <summary>The pixel shuffle: row t is the square (t / squares of a side, t mod it), its patches line by line.</summary>
    /// <param name="index">t · patches of a square + which of them.</param>
    public int ShuffledPatch(int index)
    {
        var (square, within) = Math.DivRem(index, Side * Side);
        var (row, column) = Math.DivRem(square, PatchesOfSide / Side);
        var (down, right) = Math.DivRem(within, Side);
        return (row * Side + down) * PatchesOfSide + column * Side + right;
    }

    /// <summary>What a tower must be beyond having sizes. A host of the text model alone does not ask.</summary>
    internal void RequireTower(string file)
    {
        if ((long)Channels * TilePixels * TilePixels > TileValuesMax)
            throw Wrong("image_size", $"at most {TileValuesMax} values in a tile", $"{Channels} x {TilePixels} x {TilePixels}");
        if (HeadDim % 4 != 0)
            throw Wrong("num_attention_heads", "heads of a multiple of 4 components (half of their pairs turn by column, half by row)", $"{HeadDim} components");
        if (ShuffleSide != Side || PatchesOfSide % Side != 0)
            throw Wrong("pixel_shuffle_ratio", $"1 divided by a whole number that divides the {PatchesOfSide} patches of a tile's side", $"1 / {ShuffleSide}");
        if ((long)HiddenSize * Side * Side != FeedForwardWidth)
            throw Wrong("intermediate_size", $"{(long)HiddenSize * Side * Side}, the width after the pixel shuffle", $"{FeedForwardWidth}");
        if (ProjectorOutput != OutputWidth)
            throw Wrong("vision_output_dim", $"{ProjectorOutput}, as projector_output_dim", $"{OutputWidth}");

        CheckpointException Wrong(string key, string expected, string found) => new(file, $"key vision_config.{key}", expected, found);
    }

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
            RopeTheta = vision.PositiveOr("rope_theta", 10_000),
            ShuffleSide = Math.Round(1 / vision.PositiveOr("pixel_shuffle_ratio", 0.5), 6),
        };
        if (config.HiddenSize % config.Heads != 0)
            throw vision.Wrong("hidden_size", $"a multiple of num_attention_heads ({config.Heads})");
        if (config.TilePixels % config.PatchPixels != 0)
            throw vision.Wrong("image_size", $"a multiple of patch_size ({config.PatchPixels})");
        return config;
    }
}
