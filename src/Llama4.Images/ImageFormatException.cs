namespace Llama4.Images;

/// <summary>What a caller sent is no picture that is served here, or does not lead to one; the message says what was expected and what was found.</summary>
public sealed class ImageFormatException : Exception
{
    /// <param name="problem">What was expected and what was found.</param>
    public ImageFormatException(string problem, Exception? cause = null)
        : base(problem, cause)
    {
    }

    /// <summary>The same problem, said of one picture among several.</summary>
    /// <param name="image">What the caller knows it by, like <c>messages[0].content[1]</c> or a file's name.</param>
    public ImageFormatException Of(string image) => new($"{image}: {Message}", this);
}
