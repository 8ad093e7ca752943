using System.Diagnostics;
using System.Net;
using k8s.Models;
using Llama4.Cluster.Hosting;
using Llama4.Contracts;
using Llama4.Server;
using Llama4.Server.Verbs;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Hosting.Kubernetes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What the manifests start, started: by their own commands, arguments and variables.</summary>
public class PodTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Store_WantsItsPassword_AndRemembers()
    {
        await using var first = await RedisContainer.StartAsync();
        (await first.AskAsync(null, "SET", "plan", "7")).ShouldStartWith("NOAUTH");
        (await first.AskAsync(RedisContainer.Password, "SET", "plan", "7")).ShouldBe("OK");
        (await first.AskAsync(RedisContainer.Password, "WAITAOF", "1", "0", "5000")).ShouldNotBeEmpty();
        await first.DisposeAsync();

        await using var second = await RedisContainer.StartAsync(first.Folder);
        foreach (var probe in (Func<V1Container, V1Probe>[])[one => one.StartupProbe, one => one.ReadinessProbe, one => one.LivenessProbe])
        {
            (await second.ProbeAsync(probe)).ShouldBe(0);
        }

        (await second.AskAsync(RedisContainer.Password, "GET", "plan")).ShouldBe("7");
        Directory.Delete(first.Folder, recursive: true);
    }

    /// <summary>Each kind of pod of minikube-cpu as a process here; once they are there the gateway is ready and answers, and each probe is answered as it should.</summary>
    [Fact]
    public async Task Pods_OfMinikube_BecomeReady()
    {
        await using var redis = await RedisContainer.StartAsync();
        var folder = await FolderAsync();
        await using var engine = await PodAsync("engine", redis, folder);
        await using var experts = await PodAsync("experts", redis, folder);
        await using var gateway = await PodAsync("gateway", redis, folder);

        await engine.WritesAsync("llama4-engine-0-").WaitAsync(Hang);
        await engine.WritesAsync("other hosts reach it at 127.0.0.1:").WaitAsync(Hang);
        await experts.WritesAsync("llama4-experts-0-").WaitAsync(Hang);
        foreach (var pod in (LocalPod[])[engine, experts, gateway])
        {
            await pod.ProbesAnswerAsync().WaitAsync(Hang);
        }

        await gateway.IsReadyAsync().WaitAsync(Hang);
        var status = await engine.StatusAsync(Hang);
        status.ExitCode.ShouldBe(CommandLine.Success, status.Error);
        (await experts.StopAsync().WaitAsync(Hang)).ShouldBe(CommandLine.Success);
    }

    /// <summary>While hosts load, which may take an hour, gateways wait and are left alone.</summary>
    [Fact]
    public async Task Gateway_WithoutHosts_IsStartedNotReady_AndStopsQuietly()
    {
        await using var redis = await RedisContainer.StartAsync();
        var folder = await FolderAsync();
        await using var gateway = await PodAsync("gateway", redis, folder);

        await gateway.IsStartedAsync().WaitAsync(Hang);
        await redis.IsReadAsync().WaitAsync(Hang);

        (await gateway.ReadinessAsync()).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await gateway.StopAsync().WaitAsync(Hang)).ShouldBe(CommandLine.Success, gateway.ToString());
        gateway.ToString().Split('\n').Where(line => line.Contains("\"level\":\"error\"", StringComparison.Ordinal) || line.Contains("\"level\":\"critical\"", StringComparison.Ordinal) || line.StartsWith("error:", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    /// <summary>Hosts are there, too few for a plan: the same.</summary>
    [Fact]
    public async Task Gateway_WithoutAPlan_IsStartedNotReady()
    {
        await using var redis = await RedisContainer.StartAsync();
        var folder = await FolderAsync();
        await using var experts = await PodAsync("experts", redis, folder);
        await using var gateway = await PodAsync("gateway", redis, folder);

        await gateway.WritesAsync("a gateway of cluster llama4").WaitAsync(Hang);

        await gateway.IsStartedAsync().WaitAsync(Hang);
        (await gateway.ReadinessAsync()).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await gateway.StopAsync().WaitAsync(Hang)).ShouldBe(CommandLine.Success, gateway.ToString());
    }

    [Fact]
    public void OrleansAgent_IsLeftOut_ItsIdentityIsNot()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(KubernetesPod.AddTo);

        builder.Services.ShouldNotContain(service => service.ImplementationType == typeof(KubernetesClusterAgent));
        builder.Services.ShouldContain(service => service.ImplementationType != null && service.ImplementationType.Name == "ConfigureKubernetesHostingOptions");
    }

    [Theory]
    [InlineData("llama4-engine-0", "llama4", "10.1.2.3", null)]
    [InlineData(null, null, null, null)]
    [InlineData("llama4-engine-0", null, "10.1.2.3", "found no POD_NAMESPACE")]
    [InlineData("llama4-engine-0", "llama4", "fd00::1", "expected the pod's IPv4 address")]
    public void Pod_IsToldWhole(string? name, string? space, string? ip, string? error)
    {
        var values = new Dictionary<string, string?> { ["POD_NAME"] = name, ["POD_NAMESPACE"] = space, ["POD_IP"] = ip };
        if (error is not null)
        {
            Should.Throw<ClusterRequestException>(() => KubernetesPod.OfEnvironment(values.GetValueOrDefault)).Message.ShouldContain(error);
        }
        else
        {
            KubernetesPod.OfEnvironment(values.GetValueOrDefault).ShouldBe(name is null ? null : new KubernetesPod(name, space!, IPAddress.Parse(ip!)));
        }
    }

    /// <summary>No password in an error, which may end up in a log.</summary>
    [Fact]
    public async Task WrongStore_IsToldWithoutItsPassword()
    {
        var (exit, _, error) = await Programs.RunAsync(
            "dotnet", [typeof(CommandLine).Assembly.Location, "serve", "--roles", "experts"], Hang, new Dictionary<string, string> { [ClusterOptions.StoreVariable] = "http://:secret@store:1" });

        exit.ShouldBe(CommandLine.Usage);
        error.TrimEnd().ShouldBe("error: LLAMA4_CLUSTER: expected an address like redis://HOST:6379 or redis://HOST:6379/1, found 'http://...@store:1'");
    }

    /// <summary>The folder that pods share, with a key for the gateway in it.</summary>
    private static async Task<string> FolderAsync()
    {
        var folder = Directory.CreateTempSubdirectory("llama4-pods-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "keys.jsonl"), await NewKeyAsync());
        return folder;
    }

    /// <summary>The pod of minikube-cpu.</summary>
    private static Task<LocalPod> PodAsync(string component, RedisContainer redis, string folder) =>
        LocalPod.StartAsync(new Manifests(Kustomization.Build(K8sFolder.Overlay("minikube-cpu"))).Servers.Single(one => one.Component == component), redis, folder);

    private static async Task<string> NewKeyAsync() =>
        (await Programs.RunAsync("dotnet", [typeof(CommandLine).Assembly.Location, "key", "new", "--name", "alice"], Hang)).Output;
}
