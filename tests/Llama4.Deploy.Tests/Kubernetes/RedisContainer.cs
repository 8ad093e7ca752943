using System.Diagnostics;
using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The Redis of the manifests, started by their own command and configuration, at a free port of loopback and with a folder of the test's.</summary>
internal sealed class RedisContainer : IAsyncDisposable
{
    public const string Password = "0123456789abcdef";

    /// <summary>What a Secret holds that was made of a file: <c>openssl rand -hex 24 > redis-password</c> writes a line.</summary>
    private const string OfFile = $"{Password}\n";

    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly V1Container _container;
    private bool _ended;

    private RedisContainer(Process process, V1Container container, int port, string folder) => (_process, _container, Port, Folder) = (process, container, port, folder);

    public int Port { get; }

    /// <summary>What is /data in the pod, and the configuration.</summary>
    public string Folder { get; }

    /// <summary>With the password as the Secret has it.</summary>
    public string Address => $"redis://:{OfFile}@127.0.0.1:{Port}";

    public static async Task<RedisContainer> StartAsync(string? folder = null)
    {
        Assert.SkipUnless(Machine.HasProgram("redis-server") && Machine.HasProgram("redis-cli"), "redis-server is not installed");
        folder ??= Directory.CreateTempSubdirectory("llama4-redis-").FullName;
        var manifests = new Manifests(Kustomization.Build(Path.Combine(K8sFolder.Root, "base")));
        var port = Machine.FreePort();
        var conf = manifests.All<V1ConfigMap>().Single(map => map.Metadata.Name == "llama4-redis").Data["redis.conf"];
        conf = conf.Replace("port 6379", $"port {port}").Replace("dir /data", $"dir {folder}").Replace("bind * -::*", "bind 127.0.0.1");
        await File.WriteAllTextAsync(Path.Combine(folder, "redis.conf"), conf);
        var container = manifests.Workloads.Single(one => one.Name == "llama4-redis").Container;
        string[] command = [.. container.Command.Select(part => part.Replace("/conf/", folder + "/"))];
        var process = Programs.Start(command[0], command[1..], Variables(container));
        _ = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Hang) is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
        }

        _ = process.StandardOutput.ReadToEndAsync();
        process.HasExited.ShouldBeFalse();
        return new RedisContainer(process, container, port, folder);
    }

    /// <summary>Exit code of a probe's command, with the variables of the container.</summary>
    public async Task<int> ProbeAsync(Func<V1Container, V1Probe> probe)
    {
        string[] command = [.. probe(_container).Exec.Command.Select(part => part.Replace("redis-cli ", $"redis-cli -p {Port} "))];
        return (await Programs.RunAsync(command[0], command[1..], Hang, Variables(_container))).ExitCode;
    }

    /// <summary>What redis-cli says.</summary>
    public async Task<string> AskAsync(string? password, params string[] command)
    {
        var environment = password is null ? null : new Dictionary<string, string> { ["REDISCLI_AUTH"] = password };
        var (_, output, error) = await Programs.RunAsync("redis-cli", ["-p", $"{Port}", .. command], Hang, environment);
        return (output + error).Trim();
    }

    /// <summary>Until somebody has looked for members of a cluster.</summary>
    public async Task IsReadAsync()
    {
        while (!(await AskAsync(Password, "INFO", "commandstats")).Contains("cmdstat_hgetall", StringComparison.Ordinal))
        {
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
        {
            return;
        }

        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static Dictionary<string, string> Variables(V1Container container) => container.Env.ToDictionary(one => one.Name, one => one.ValueFrom?.SecretKeyRef?.Key == "redis-password" ? OfFile : one.Value);
}
