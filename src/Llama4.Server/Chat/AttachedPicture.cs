using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Chat;

/// <summary>A picture's file as a part of a question.</summary>
internal static class AttachedPicture
{
    /// <summary>The file as a data: URI, once its head says that it is a picture within the limits.</summary>
    /// <exception cref="ImageFormatException">It is none; the message names the file.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static ImagePart Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"expected a picture's file, found none at '{file}'");
        }

        try
        {
            ImageLimits.Default.CheckBytes(new FileInfo(file).Length);
            var bytes = File.ReadAllBytes(file);
            var type = ImageDecoder.ReadHead(bytes).Format.ToString().ToLowerInvariant();
            return new ImagePart($"data:image/{type};base64,{Convert.ToBase64String(bytes)}");
        }
        catch (ImageFormatException error)
        {
            throw error.Of(file);
        }
    }
}
