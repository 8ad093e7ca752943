using Llama4.Gateway.Requests;
using Llama4.Images;

namespace Llama4.Gateway.Pictures;

/// <summary>A picture of a request, not decoded yet.</summary>
/// <param name="Name">Where it stands: <c>messages[0].content[1]</c>.</param>
/// <param name="Grid">How it will be cut into tiles, which follows from the size in its head.</param>
internal sealed record PictureFile(string Name, byte[] Bytes, TileGrid Grid)
{
    /// <summary>CPU work: up to half a second for a large one.</summary>
    /// <exception cref="ApiError">The file is damaged; the error names it.</exception>
    public ImageTiles Decode(ImageLimits limits)
    {
        try
        {
            return ImageTiles.Of(ImageDecoder.Decode(Bytes, limits), Grid.Settings);
        }
        catch (ImageFormatException error)
        {
            throw ApiError.Invalid(error.Of(Name).Message, Name);
        }
    }
}
