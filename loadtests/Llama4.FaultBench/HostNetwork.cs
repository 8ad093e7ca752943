using System.Diagnostics;
using System.Net;

namespace Llama4.FaultBench;

/// <summary>
/// A network of its own for each host (Linux network namespaces, joined by a bridge), so that one host's link can be cut while its process runs on: nothing
/// it sends arrives, nothing reaches it, and nobody is told. Needs root and iproute2.
/// </summary>
public sealed class HostNetwork : IDisposable
{
    private const string Bridge = "l4bench0";
    private const string Space = "l4bench";
    private const string Outside = "l4out";
    private const string Spaces = "/run/netns";

    private int _cells;

    /// <exception cref="InvalidOperationException">It is not permitted here; see <see cref="Refusal"/>.</exception>
    public HostNetwork()
    {
        Remove();
        Run("ip", "link", "add", Bridge, "type", "bridge");
        Run("ip", "addr", "add", $"{Here}/16", "dev", Bridge);
        Run("ip", "link", "set", Bridge, "up");
    }

    /// <summary>Where hosts reach this machine, and the store.</summary>
    public static IPAddress Here { get; } = IPAddress.Parse("10.77.0.1");

    /// <summary>Why there can be no such networks here; null where there can.</summary>
    public static string? Refusal
    {
        get
        {
            try
            {
                using var network = new HostNetwork();
                network.Add();
                return null;
            }
            catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return $"network namespaces need root and iproute2: {error.Message}";
            }
        }
    }

    /// <summary>Another host's.</summary>
    public HostCell Add()
    {
        var number = ++_cells + 1;
        var address = IPAddress.Parse($"10.77.{number / 250}.{1 + (number % 250)}");
        var (space, outside, inside) = ($"{Space}{number}", $"{Outside}{number}", $"l4in{number}");
        Run("ip", "netns", "add", space);
        Run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", space);
        Run("ip", "link", "set", outside, "master", Bridge, "up");
        Run("ip", "-n", space, "addr", "add", $"{address}/16", "dev", inside);
        Run("ip", "-n", space, "link", "set", inside, "up");
        Run("ip", "-n", space, "link", "set", "lo", "up");
        return new HostCell(space, outside, address);
    }

    public void Dispose()
    {
        Remove();
    }

    internal static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {error.Trim()}");
    }

    /// <summary>Also what an earlier run left. Links first: a space without its name lives on until its last process has ended.</summary>
    private static void Remove()
    {
        foreach (var link in Directory.GetDirectories("/sys/class/net").Select(Path.GetFileName).Where(name => name == Bridge || name!.StartsWith(Outside, StringComparison.Ordinal)))
            Run("ip", "link", "del", link!);
        foreach (var space in Directory.Exists(Spaces) ? Directory.GetFiles(Spaces, $"{Space}*") : [])
            Run("ip", "netns", "del", Path.GetFileName(space));
    }
}

/// <summary>One host's network.</summary>
/// <param name="Space">The namespace it runs in.</param>
/// <param name="Link">The end of its link on the bridge.</param>
public sealed record HostCell(string Space, string Link, IPAddress Address)
{
    public void Cut() => HostNetwork.Run("ip", "link", "set", Link, "down");

    public void Heal() => HostNetwork.Run("ip", "link", "set", Link, "up");
}
