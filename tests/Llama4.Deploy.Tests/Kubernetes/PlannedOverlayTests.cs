using System.Text.RegularExpressions;
using Llama4.Server;
using Llama4.Server.Output;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Overlays that <c>llama4 plan --kubernetes</c> printed say by which command, and it prints them still.</summary>
public partial class PlannedOverlayTests
{
    [Theory]
    [InlineData("scout-8xgpu")]
    [InlineData("maverick")]
    public async Task Overlay_IsWhatItsCommandPrints(string overlay)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(K8sFolder.Overlay(overlay), "kustomization.yaml"));

        (await OutputAsync(Command().Match(text).Groups[1].Value.Split(' '))).ShouldBe(text);
    }

    /// <summary>Any model, any hosts: what is printed is an overlay that keeps what the others keep.</summary>
    [Theory]
    [InlineData("--model scout --hosts 4xEPYC-9654-768G --cores 96 --standby 1")]
    [InlineData("--model scout --hosts 8xMI300X-192G --replicas 2 --standby 1")]
    [InlineData("--model scout --hosts 3xH200-141G,10xRTX-4090-24G --sequences 8 --context 8K")]
    public async Task AnyHosts_GiveAnOverlay(string options)
    {
        using var copy = K8sFolder.WithEverything();
        Directory.CreateDirectory(copy["overlays/printed"]);
        await File.WriteAllTextAsync(copy["overlays/printed/kustomization.yaml"], await OutputAsync(["plan", .. options.Split(' '), "--kubernetes"]));

        var manifests = new Manifests(Kustomization.Build(copy["overlays/printed"]));

        manifests.Hosts.Sum(host => host.Replicas).ShouldBe(Regex.Matches(options, @"(\d+)x").Sum(count => int.Parse(count.Groups[1].Value)));
        var checks = ManifestTests.Checks.Where(check => check.Key != nameof(DisruptionChecks.Spread) || options.Contains("--standby 1", StringComparison.Ordinal));
        checks.SelectMany(check => check.Value(manifests)).ShouldBeEmpty();
    }

    /// <summary>A device plugin tells of a GPU, not of which: pods that were planned for one may not get the other.</summary>
    [Fact]
    public async Task TwoKindsOfDevices_AreToldApartByTheirNodes()
    {
        var text = await OutputAsync([.. "plan --model scout --hosts 3xH200-141G,10xRTX-4090-24G --sequences 8 --context 8K --kubernetes".Split(' ')]);

        foreach (var (component, device) in ((string, string)[])[("engine", "H200-141G"), ("experts", "RTX-4090-24G")])
        {
            text.ShouldContain($"# Nodes for llama4-{component}: kubectl label node NODE... llama4/device={device}\n");
            Regex.IsMatch(text, $"name: llama4-{component}\n(?:(?!name: llama4-).*\n)*? *nodeSelector:\n *llama4/device: {device}\n").ShouldBeTrue(text);
        }

        (await OutputAsync([.. "plan --model scout --hosts 8xH100-80G --kubernetes".Split(' ')])).ShouldNotContain("llama4/device");
    }

    [Theory]
    [InlineData("--model scout --hosts 4xEPYC-9654-768G", "expected --cores")]
    [InlineData("--model scout --hosts 8xH100-80G --dtype fp8", "expected --dtype bf16")]
    [InlineData("--model scout --hosts 4xH200-141G,4xMI300X-192G", "expected hosts of one kind of device")]
    [InlineData("--model scout --hosts 8xH100-80G --json", "do not go together")]
    public async Task WhatCannotBe_IsRefused(string options, string message)
    {
        var (exit, _, error) = await RunAsync(["plan", .. options.Split(' '), "--kubernetes"]);

        exit.ShouldBe(CommandLine.Usage);
        error.TrimEnd().Split('\n').ShouldHaveSingleItem().ShouldContain(message);
    }

    private static async Task<string> OutputAsync(string[] arguments)
    {
        var (exit, output, error) = await RunAsync(arguments);
        exit.ShouldBe(CommandLine.Success, error);
        return output;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.RunAsync(arguments, new Terminal { Input = TextReader.Null, Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }

    [GeneratedRegex("^# Printed by: llama4 (.+)\n")]
    private static partial Regex Command();
}
