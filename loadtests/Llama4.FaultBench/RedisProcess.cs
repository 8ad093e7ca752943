using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Llama4.FaultBench;

/// <summary>A redis-server with a folder of its own, that can be stopped and started again with what it had.</summary>
public sealed class RedisProcess : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-redis-").FullName;
    private readonly int _port = FreePort();
    private Process? _process;

    private readonly IPAddress _address;

    /// <param name="address">Where it is reached.</param>
    public RedisProcess(IPAddress address)
    {
        _address = address;
        Start();
    }

    public static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public Uri Address => new($"redis://{_address}:{_port}");

    public void Start() => _process = Process.Start(new ProcessStartInfo(
        "redis-server",
        ["--port", $"{_port}", "--bind", $"{_address}", "--protected-mode", "no", "--appendonly", "yes", "--save", "", "--dir", _folder, "--logfile", Path.Combine(_folder, "log")]));

    public void Stop()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
