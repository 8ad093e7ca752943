using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The script of the Job, run as it stands: a checkpoint arrives whole or not at all.</summary>
public sealed class FetchTests : IDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);
    private static readonly string Script = Path.Combine(K8sFolder.Root, "components", "model-volume", "fetch-model.sh");
    private static readonly string Model = Path.Combine(AppContext.BaseDirectory, "models", "scout-nano");

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-fetch-").FullName;

    private string Target => Path.Combine(_folder, "model");

    [Fact]
    public async Task Folder_IsCopied_AndWhatIsThereStays()
    {
        (await RunAsync(Model)).Exit.ShouldBe(0);
        Names(Target).ShouldBe(Names(Model));

        var (exit, output) = await RunAsync("/nowhere");
        (exit, output).ShouldBe((0, $"{Target} is there\n"));
    }

    [Fact]
    public async Task MissingFolder_IsAnError()
    {
        (await RunAsync("/nowhere")).Exit.ShouldNotBe(0);
        Directory.Exists(Target).ShouldBeFalse();
    }

    [Fact]
    public async Task Shards_AreLoaded_WithTheToken_AndOnlyWhenAllAreThere()
    {
        Assert.SkipUnless(Machine.HasProgram("curl"), "curl is not installed");
        var files = new Dictionary<string, string>
        {
            ["config.json"] = "{}", ["tokenizer.json"] = "{\"a\":1}",
            ["model.safetensors.index.json"] = """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}}""",
            ["model-00001-of-00002.safetensors"] = "first",
        };
        await using var server = await StartAsync(files);

        (await RunAsync(server.Urls.Single(), "hf_secret")).Exit.ShouldNotBe(0);
        Directory.Exists(Target).ShouldBeFalse();

        files["model-00002-of-00002.safetensors"] = "second";
        (await RunAsync(server.Urls.Single(), "hf_secret")).Exit.ShouldBe(0);
        Names(Target).ShouldBe(files.Keys.Order(StringComparer.Ordinal));
        files.ShouldAllBe(file => File.ReadAllText(Path.Combine(Target, file.Key)) == file.Value);
    }

    /// <summary>As a Secret made of a file has it.</summary>
    [Fact]
    public async Task Token_WithTheLineEndOfAFile_IsTaken()
    {
        Assert.SkipUnless(Machine.HasProgram("curl"), "curl is not installed");
        await using var server = await StartAsync(new() { ["config.json"] = "{}", ["tokenizer.json"] = "{}", ["model.safetensors"] = "weights" });

        (await RunAsync(server.Urls.Single(), "hf_secret\r\n")).Exit.ShouldBe(0);
        Names(Target).ShouldBe(["config.json", "model.safetensors", "tokenizer.json"]);
    }

    /// <summary>This server gives files from their beginning only: what is half there is loaded anew by the next try.</summary>
    [Fact]
    public async Task WhatCannotBeGoneOnWith_IsLoadedAnew()
    {
        Assert.SkipUnless(Machine.HasProgram("curl"), "curl is not installed");
        await using var server = await StartAsync(new() { ["config.json"] = "{}", ["tokenizer.model"] = "words", ["model.safetensors"] = "weights" });
        Directory.CreateDirectory(Target + ".part");
        await File.WriteAllTextAsync(Path.Combine(Target + ".part", "model.safetensors.loading"), "wei");

        (await RunAsync(server.Urls.Single(), "hf_secret")).Exit.ShouldNotBe(0);
        (await RunAsync(server.Urls.Single(), "hf_secret")).Exit.ShouldBe(0);

        Names(Target).ShouldBe(["config.json", "model.safetensors", "tokenizer.model"]);
        (await File.ReadAllTextAsync(Path.Combine(Target, "model.safetensors"))).ShouldBe("weights");
    }

    [Fact]
    public async Task WrongToken_IsAnError()
    {
        Assert.SkipUnless(Machine.HasProgram("curl"), "curl is not installed");
        await using var server = await StartAsync(new() { ["config.json"] = "{}" });

        (await RunAsync(server.Urls.Single(), "other")).Exit.ShouldNotBe(0);
        Directory.Exists(Target).ShouldBeFalse();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<WebApplication> StartAsync(Dictionary<string, string> files)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapGet("/{file}", (string file, HttpRequest request) =>
            request.Headers.Authorization != "Bearer hf_secret" ? Results.StatusCode(401)
            : files.TryGetValue(file, out var text) ? Results.Text(text) : Results.NotFound());
        await server.StartAsync();
        return server;
    }

    private async Task<(int Exit, string Output)> RunAsync(string source, string token = "")
    {
        var (exit, output, _) = await Programs.RunAsync(
            "/bin/sh", [Script], Hang, new Dictionary<string, string> { ["SOURCE"] = source, ["TARGET"] = Target, ["TOKEN"] = token });
        return (exit, output);
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal);
}
