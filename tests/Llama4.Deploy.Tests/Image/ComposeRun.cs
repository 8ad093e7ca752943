using System.Diagnostics;
using Llama4.Deploy.Tests.Kubernetes;

namespace Llama4.Deploy.Tests.Image;

/// <summary>
/// The services of deploy/compose.yaml as processes of this machine: their very commands and variables, with addresses on loopback, ports that are free and
/// folders of this test in place of those that Docker gives them.
/// </summary>
internal sealed class ComposeRun : IDisposable
{
    private static readonly Dictionary<string, string> Secrets = new() { ["REDIS_PASSWORD"] = "of-redis", ["LLAMA4_ADMIN_KEY"] = "of-the-operators" };
    private static readonly string[] Ports = ["--port", "--silo-port", "--gateway-port", "--health-port", "--admin-port"];
    private static readonly string Llama4 = typeof(Server.CommandLine).Assembly.Location;

    private readonly ComposeFile _file = ComposeFile.Read(Secrets);
    private readonly string _data = Directory.CreateTempSubdirectory("llama4-compose-").FullName;
    private readonly int _storePort = Machine.FreePort();
    private readonly StartedProcess _store;
    private readonly List<StartedHost> _hosts = [];

    private ComposeRun()
    {
        var command = ComposeFile.Texts(_file.Service("redis"), "command");
        _store = new StartedProcess(
            command[0],
            command.Skip(1).Select(word => word.Replace("dir /data", $"dir {_data}\nport {_storePort}\nbind 127.0.0.1")),
            ComposeFile.Environment(_file.Service("redis")));
    }

    public Uri Gateway => new($"http://127.0.0.1:{_hosts[0].Ports["--port"]}");

    public string OperatorsKey => Secrets["LLAMA4_ADMIN_KEY"];

    public Uri Operators => new($"http://127.0.0.1:{_hosts[0].Ports["--admin-port"]}");

    /// <summary>The engine first, then the experts.</summary>
    public IReadOnlyList<StartedHost> Hosts => _hosts;

    /// <summary>Returns when each service's own check of health holds.</summary>
    public static async Task<ComposeRun> StartAsync()
    {
        var run = new ComposeRun();
        try
        {
            run.Start("engine", 1);
            run.Start("experts", int.Parse((string)((Dictionary<object, object>)run._file.Service("experts")["deploy"])["replicas"]));
            (await run.StoreHealthAsync()).ExitCode.ShouldBe(0, run.Said());
            foreach (var host in run._hosts)
                (await run.HealthAsync(host)).ShouldBe((0, "ready"), run.Said());
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    public string Said() => string.Join(Environment.NewLine, _hosts.Select(host => $"--- {host.Service}{Environment.NewLine}{host.Process.Said}").Prepend($"--- redis{Environment.NewLine}{_store.Said}"));

    public void Dispose()
    {
        _hosts.ForEach(host => host.Process.Dispose());
        _store.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private void Start(string name, int count)
    {
        var service = _file.Service(name);
        for (var i = 0; i < count; i++)
        {
            var arguments = ComposeFile.Texts(service, "command");
            var ports = Ports.Where(arguments.Contains).ToDictionary(option => option, _ => Machine.FreePort());
            string[] translated =
            [
                .. arguments.Select((word, at) => at > 0 && ports.TryGetValue(arguments[at - 1], out var port) ? $"{port}" : word switch
                {
                    "0.0.0.0" => "127.0.0.1",
                    _ => word.Replace("/app/", Path.GetDirectoryName(Llama4) + "/"),
                }),
            ];
            var environment = ComposeFile.Environment(service).ToDictionary(one => one.Key, one => one.Value.Replace("@redis:6379", $"@127.0.0.1:{_storePort}"));
            _hosts.Add(new StartedHost(name, ports, new StartedProcess("dotnet", [Llama4, .. translated], environment)));
        }
    }

    /// <summary>Redis' healthcheck, with time to become so.</summary>
    private async Task<(int ExitCode, string Output, string Error)> StoreHealthAsync()
    {
        var redis = _file.Service("redis");
        var test = ComposeFile.Texts((Dictionary<object, object>)redis["healthcheck"], "test");
        test[..^1].ShouldBe(["CMD-SHELL"]);
        var limit = Stopwatch.StartNew();
        while (true)
        {
            var said = await Programs.RunAsync("/bin/sh", ["-c", test[^1].Replace("redis-cli ", $"redis-cli -p {_storePort} ")], TimeSpan.FromMinutes(1), ComposeFile.Environment(redis));
            if (said.ExitCode == 0 || limit.Elapsed > TimeSpan.FromMinutes(1))
                return said;
            await Task.Delay(100);
        }
    }

    /// <summary>The service's healthcheck, with time to become so.</summary>
    private async Task<(int ExitCode, string Output)> HealthAsync(StartedHost host)
    {
        var test = ComposeFile.Texts((Dictionary<object, object>)_file.Service(host.Service)["healthcheck"], "test");
        test[..2].ShouldBe(["CMD", "/app/llama4"]);
        var said = await Command.RunAsync(
            TimeSpan.FromMinutes(4), "dotnet", [Llama4, .. test[2..].Select(word => word.Replace(":9091", $":{host.Ports["--health-port"]}")), "--wait", "180"]);
        return (said.ExitCode, said.Output + said.Error);
    }
}

/// <param name="Service">Its name in the file.</param>
/// <param name="Ports">By option.</param>
internal sealed record StartedHost(string Service, IReadOnlyDictionary<string, int> Ports, StartedProcess Process);
