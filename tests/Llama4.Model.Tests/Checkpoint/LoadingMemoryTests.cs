using System.Diagnostics;
using System.Globalization;
using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>Loading keeps the weights once: tensors are mapped while they are repacked and let go at once.</summary>
public sealed class LoadingMemoryTests : IDisposable
{
    private const string DirectoryVariable = "LLAMA4_TEST_LOADED_MODEL";
    private readonly ModelDirectory _directory = new();

    /// <summary>A model of 300 MB is loaded in a process of its own; what its resident memory grows by, at its peak, is at most 1.15 times that.</summary>
    [Fact]
    public async Task LoadAsync_OfAModelOf300MB_PeaksBelow115PercentOfTheWeights()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/status");
        WriteModel();
        using var child = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, ["-method", $"*{nameof(LoadingMemoryTests)}.{nameof(Child_LoadsTheModel)}", "-explicit", "only", "-showLiveOutput"])
        {
            RedirectStandardOutput = true,
            Environment = { [DirectoryVariable] = _directory.Path },
        })!;
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();

        child.ExitCode.ShouldBe(0, output);
        var numbers = File.ReadAllLines(_directory.FileOf("grown.txt")).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).ToArray();
        var (weights, grown) = (numbers[0], numbers[1]);
        weights.ShouldBeGreaterThan(250L << 20);
        grown.ShouldBeLessThanOrEqualTo((long)(1.15 * weights), $"{grown} bytes more than before, for {weights} bytes of weights");
        // The weights are there: a measurement of nothing would pass the bound.
        grown.ShouldBeGreaterThan(weights);
    }

    /// <summary>What the test above runs in its child process.</summary>
    [Fact(Explicit = true)]
    public async Task Child_LoadsTheModel()
    {
        var directory = Environment.GetEnvironmentVariable(DirectoryVariable).ShouldNotBeNull();
        using var checkpoint = Checkpoint.Open(directory);
        await using var device = CpuDevice.Create(2);
        var before = StatusBytes("VmRSS:");

        using var model = await DirectModel.LoadAsync(checkpoint, device, ComputeMode.Bf16, 1, 32);

        var grown = StatusBytes("VmHWM:") - before;
        File.WriteAllLines(Path.Combine(directory, "grown.txt"), [checkpoint.WeightBytes.ToString(CultureInfo.InvariantCulture), grown.ToString(CultureInfo.InvariantCulture)]);
    }

    public void Dispose() => _directory.Dispose();

    private static long StatusBytes(string key) =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(key, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Six MoE layers of 16 experts; zeros in a sparse file take neither time nor disk, and as much memory as any others.</summary>
    private void WriteModel()
    {
        foreach (var (key, value) in new[]
        {
            ("hidden_size", 512), ("num_hidden_layers", 6), ("num_attention_heads", 8), ("head_dim", 64), ("intermediate_size", 1024),
            ("num_local_experts", 16), ("interleave_moe_layer_step", 1), ("vocab_size", 4096),
        })
            _directory.Config[key] = value;
        _directory.WriteConfig();
        var offset = 0L;
        var entries = new List<string>();
        foreach (var parameter in ParameterTable.Text(Llama4Config.Load(_directory.FileOf("config.json"))))
        {
            entries.Add($$"""  "{{parameter.ReleasedName}}": {"dtype": "BF16", "shape": [{{string.Join(", ", parameter.Shape)}}], "data_offsets": [{{offset}}, {{offset + 2 * parameter.Count}}]}""");
            offset += 2 * parameter.Count;
        }
        var path = _directory.WriteRaw("model.safetensors", "{" + string.Join(",", entries) + "}", []);
        using var file = new FileStream(path, FileMode.Open);
        file.SetLength(file.Length + offset);
    }
}
