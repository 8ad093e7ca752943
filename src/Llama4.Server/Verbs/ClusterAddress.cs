using System.Net;
using System.Net.Sockets;

namespace Llama4.Server.Verbs;

/// <summary>Addresses as <c>serve --cluster</c> takes them; refused here, before anything is loaded or asked.</summary>
internal static class ClusterAddress
{
    /// <summary>redis://[user:password@]HOST[:6379][/DB], or rediss://.</summary>
    public static bool TryStore(string text, out Uri? store) =>
        Uri.TryCreate(text, UriKind.Absolute, out store)
        && store is { Scheme: "redis" or "rediss", Host.Length: > 0, Query: "", Fragment: "" }
        && store.AbsolutePath.Trim('/').All(char.IsAsciiDigit);

    /// <summary>An address of one machine, written in full: other hosts connect to it over IPv4.</summary>
    public static bool TryHost(string text, out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && address.AddressFamily == AddressFamily.InterNetwork
        && address.ToString() == text // not "7" for 0.0.0.7
        && !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.Broadcast);

    /// <summary>What may stand in an error, which may end up in a log: without user and password.</summary>
    public static string WithoutSecret(string text)
    {
        var (start, end) = (text.IndexOf("://", StringComparison.Ordinal) + 3, text.LastIndexOf('@'));
        return start >= 3 && end >= start ? $"{text[..start]}...{text[end..]}" : text;
    }
}
