namespace Llama4.Tokenization;

/// <summary>A tokenizer file cannot be read; the message names the file, what was expected and what was found.</summary>
public sealed class TokenizerFormatException(string file, string problem, Exception? cause = null)
    : Exception($"{file}: {problem}", cause)
{
    /// <summary>The file or folder at fault.</summary>
    public string File { get; } = file;
}
