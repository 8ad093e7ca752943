using System.Text;

namespace Llama4.Gateway.Keys;

/// <summary>The keys that a gateway starts with, and the file to look for changes in.</summary>
public sealed class ApiKeys
{
    private ApiKeys(byte[] bytes, string source, string? file)
    {
        Bytes = bytes;
        Keys = ApiKeyText.Read(bytes, source);
        File = file;
    }

    /// <summary>At least one.</summary>
    public IReadOnlyList<ApiKey> Keys { get; }

    /// <summary>Null for keys that stay as they are.</summary>
    internal string? File { get; }

    /// <summary>The text they were read from.</summary>
    internal byte[] Bytes { get; }

    /// <summary>Of a file that is read again when it changes.</summary>
    /// <exception cref="InvalidDataException">It does not hold keys; one line.</exception>
    /// <exception cref="IOException">It can't be read; one line.</exception>
    public static ApiKeys OfFile(string file) => new(ReadBytes(file), file, Path.GetFullPath(file));

    /// <param name="source">Where the text comes from, for errors.</param>
    /// <exception cref="InvalidDataException">It does not hold keys; one line.</exception>
    public static ApiKeys OfText(string text, string source) => new(Encoding.UTF8.GetBytes(text), source, file: null);

    /// <summary>A file's bytes, up to one more than it may have.</summary>
    internal static byte[] ReadBytes(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[Math.Min(stream.Length, ApiKeyText.BytesMax) + 1];
            return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"expected a file of API keys at {file}: {error.Message}", error);
        }
    }
}
