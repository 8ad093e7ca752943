using System.Net;
using System.Net.Sockets;

namespace Llama4.Tests;

/// <summary>What the machine has that tests run on.</summary>
internal static class Machine
{
    /// <summary>Whether the program is on the PATH.</summary>
    public static bool HasProgram(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>A port of loopback at which nobody listens. Another program may take it before it is used.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
