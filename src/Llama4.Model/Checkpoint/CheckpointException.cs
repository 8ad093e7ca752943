namespace Llama4.Model;

/// <summary>
/// A model directory that cannot be served as it is: one sentence with the file, the subject (a key or a
/// tensor), what was expected and what was found. Thrown before anything of the model is in use.
/// </summary>
public sealed class CheckpointException : Exception
{
    public CheckpointException(string file, string subject, string expected, string found, Exception? inner = null)
        : base($"{file}: {subject}: expected {expected}, found {found}", inner)
    {
        File = file;
        Subject = subject;
        Expected = expected;
        Found = found;
    }

    /// <summary>Path of the file at fault.</summary>
    public string File { get; }

    /// <summary>What in the file is at fault: "key rope_theta", "tensor lm_head.weight", "header".</summary>
    public string Subject { get; }

    public string Expected { get; }

    public string Found { get; }

    /// <summary>At most 80 characters of something a file said, for a message.</summary>
    internal static string Excerpt(string text)
    {
        const int Longest = 80;
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= Longest ? line : string.Concat(line.AsSpan(0, Longest), "…");
    }
}
