namespace Llama4.Gateway.Tests.Clients;

/// <summary>The official openai client for Node, as tests/clients/npm uses it.</summary>
public sealed class NpmClientTests : IDisposable
{
    private static readonly string Source = Path.Combine(Golden.Checkout, "tests", "clients", "npm");

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-npm-").FullName;

    [Fact]
    public async Task Client_DoesAllThatItsScriptAsks()
    {
        ClientProcess.Require("node");
        ClientProcess.Require("npm");
        foreach (var file in Directory.EnumerateFiles(Source))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }

        var (installed, log) = await ClientProcess.RunAsync("npm", _folder, "ci", "--no-audit", "--no-fund");
        Assert.SkipUnless(installed == 0 || ClientProcess.MustBeThere, $"npm ci failed, as it does without a network: {log}");
        installed.ShouldBe(0, log);
        await using var gateway = await ClientScript.StartAsync();

        var (exitCode, output) = await ClientProcess.RunAsync("node", _folder, "run.mjs", new Uri(gateway.Http.BaseAddress!, "v1").ToString());

        exitCode.ShouldBe(0, output);
        output.ShouldContain("ok: responses stream"); // the script did not end before its last part
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
