namespace Llama4.Gateway.Tls;

/// <summary>The bytes of a certificate's file and of its key's.</summary>
internal sealed class PemFiles
{
    /// <summary>A chain of certificates has some 10 KB.</summary>
    private const int BytesMax = 1 << 20;

    private readonly string _names;

    /// <exception cref="InvalidDataException">One of them can't be read; one line.</exception>
    public PemFiles(string certificate, string key)
    {
        _names = $"expected a certificate in {certificate} and its key in {key}, both PEM";
        Certificate = ReadFile(certificate);
        Key = ReadFile(key);
    }

    public byte[] Certificate { get; }

    public byte[] Key { get; }

    public bool IsSameAs(PemFiles other) => Certificate.AsSpan().SequenceEqual(other.Certificate) && Key.AsSpan().SequenceEqual(other.Key);

    /// <summary>In one line.</summary>
    public InvalidDataException NotThat(Exception error) => new($"{_names}: {error.Message}", error);

    private byte[] ReadFile(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[Math.Min(stream.Length, BytesMax) + 1];
            var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return read <= BytesMax ? buffer[..read] : throw new IOException($"{file} has more than {BytesMax} bytes");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw NotThat(error);
        }
    }
}
