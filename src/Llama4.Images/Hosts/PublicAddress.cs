using System.Net;
using System.Net.Sockets;

namespace Llama4.Images;

/// <summary>
/// Whether an address is one that anybody on the Internet could ask: not this machine, not its network, not a cloud's own services.
/// A name that resolves to another kind would make the server ask there on a stranger's behalf.
/// </summary>
public static class PublicAddress
{
    /// <summary>What IANA's special-purpose registry of IPv4 does not route globally, and multicast.</summary>
    private static readonly IPNetwork[] OthersOfV4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    /// <summary>Global addresses of IPv6 are in here, all others elsewhere.</summary>
    private static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");

    /// <summary>Except for protocols' own, documentation, and tunnels that carry an IPv4 address inside.</summary>
    private static readonly IPNetwork[] OthersOfV6 =
        [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20")];

    public static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetwork
            ? !Array.Exists(OthersOfV4, network => network.Contains(address))
            : GlobalV6.Contains(address) && !Array.Exists(OthersOfV6, network => network.Contains(address));
    }
}
