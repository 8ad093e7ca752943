using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Llama4.Tests;

/// <summary>What the machine has that tests run on.</summary>
internal static class Machine
{
    // Systems choose ports above these where a program asks for any, and for the near end of connections.
    private const int FirstPort = 10_000;
    private const int EndOfPorts = 32_000;

    private static readonly List<FileStream> Kept = [];

    /// <summary>Processor time that this thread has had; on systems that do not tell, time.</summary>
    public static TimeSpan ThreadTime() => OperatingSystem.IsLinux() && File.Exists("/proc/thread-self/schedstat")
        ? TimeSpan.FromMicroseconds(long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1000)
        : Stopwatch.GetElapsedTime(0);

    /// <summary>Whether the program is on the PATH.</summary>
    public static bool HasProgram(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <inheritdoc cref="FreePort"/>
    public static IPEndPoint FreeEndpoint() => new(IPAddress.Loopback, FreePort());

    /// <summary>A port of loopback at which nobody listens. Kept for the caller until this process ends: other tests, in other processes too, are given others.</summary>
    public static int FreePort()
    {
        for (var tries = 0; tries < 1000; tries++)
        {
            var port = Random.Shared.Next(FirstPort, EndOfPorts);
            if (Keep(port) is not { } kept)
                continue;
            if (IsFree(port))
            {
                lock (Kept)
                    Kept.Add(kept);
                return port;
            }

            kept.Dispose();
        }

        throw new InvalidOperationException($"no port of {FirstPort} to {EndOfPorts - 1} is free");
    }

    private static FileStream? Keep(int port)
    {
        try
        {
            return new FileStream(
                Path.Combine(Path.GetTempPath(), $"llama4-test-port-{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null; // another test's
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
