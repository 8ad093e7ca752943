namespace Llama4.Server.Verbs;

/// <summary>
/// Secrets in the environment. Where they come from files, as a Kubernetes Secret made of some, they end in the line end that their maker wrote (<c>openssl rand -hex 24 > key</c>):
/// neither a header's value nor an address can hold one, so it is never part of the secret.
/// </summary>
internal static class SecretVariable
{
    private static readonly char[] LineEnds = ['\r', '\n'];

    /// <summary>A key, without line ends behind it; null where there is none.</summary>
    public static string? Key(string name) => Environment.GetEnvironmentVariable(name)?.TrimEnd(LineEnds) is { Length: > 0 } key ? key : null;

    /// <summary>An address with a password in it, whose line end stands in the middle then; null where there is none. Readers of URLs drop line ends wherever they are (WHATWG URL, 4.4).</summary>
    public static string? Address(string name) => Environment.GetEnvironmentVariable(name) is { } text && string.Concat(text.Split(LineEnds)) is { Length: > 0 } address ? address : null;
}
