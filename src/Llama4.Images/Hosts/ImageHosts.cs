namespace Llama4.Images;

/// <summary>
/// Which addresses a server may ask for pictures: http and https at the hosts an operator named, nobody else. A redirect is an address
/// like the first and has to be checked again; what a name resolves to has to be a <see cref="PublicAddress"/>.
/// </summary>
public sealed class ImageHosts
{
    /// <summary>Longer addresses are refused unread.</summary>
    private const int UrlMax = 8192;

    private readonly List<(string Host, bool Below, int? Port)> _hosts = [];

    /// <summary>Nobody may be asked.</summary>
    public static ImageHosts None { get; } = new([]);

    /// <param name="hosts"><c>images.example.com</c>, <c>*.example.com</c> for all names below one, or either with <c>:PORT</c>; without a port it is the scheme's.</param>
    /// <exception cref="ArgumentException">One of them is no host.</exception>
    public ImageHosts(IEnumerable<string> hosts)
    {
        foreach (var host in hosts)
        {
            var below = host.StartsWith("*.", StringComparison.Ordinal);
            var named = below ? host[2..] : host;
            if (named.AsSpan().ContainsAny("/@?#\\ ") || !Uri.TryCreate($"http://{named}", UriKind.Absolute, out var address) || address.Host.Length == 0)
            {
                throw new ArgumentException($"expected a host like images.example.com or *.example.com, found '{host}'");
            }

            var hasPort = named.LastIndexOf(':') > named.LastIndexOf(']');
            _hosts.Add((NameOf(address), below, hasPort ? address.Port : null));
        }
    }

    /// <summary>The address, if it may be asked.</summary>
    /// <exception cref="ImageFormatException">It may not; the message says why.</exception>
    public Uri Check(string url)
    {
        if (url.Length > UrlMax || !Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new ImageFormatException($"expected a data:, http: or https: URL, found \"{Beginning(url)}\"");
        }

        if (_hosts.Count == 0)
        {
            throw new ImageFormatException("expected a data: URL: this server fetches no pictures");
        }

        if (address.UserInfo.Length > 0)
        {
            throw new ImageFormatException("expected a URL without user and password, found one with");
        }

        var name = NameOf(address);
        return _hosts.Any(host => Matches(host.Host, host.Below, name) && (host.Port is { } port ? port == address.Port : address.IsDefaultPort))
            ? address
            : throw new ImageFormatException($"expected a URL at a host this server may ask for pictures, found {name}:{address.Port}");
    }

    private static bool Matches(string host, bool below, string name) =>
        below ? name.Length > host.Length + 1 && name.EndsWith('.' + host, StringComparison.Ordinal) : name == host;

    private static string NameOf(Uri address) => address.IdnHost.TrimEnd('.').ToLowerInvariant();

    private static string Beginning(string url) => url.Length <= 40 ? url : $"{url[..40]}…";
}
