namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>The dashboards are written in tests/grafana, in TypeScript against Grafana's own types; what is committed is what that makes.</summary>
public sealed class BoardSourceTests : IDisposable
{
    private static readonly string Source = Path.Combine(Golden.Checkout, "tests", "grafana");

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-grafana-").FullName;

    [Fact]
    public async Task Dashboards_AreTypeCheckedAndWhatTheirSourceMakes()
    {
        Tool.Require("node", "npm");
        foreach (var file in (string[])["package.json", "package-lock.json", "tsconfig.json", .. Directory.EnumerateFiles(Path.Combine(Source, "source")).Select(file => Path.GetRelativePath(Source, file))])
        {
            Directory.CreateDirectory(Path.Combine(_folder, Path.GetDirectoryName(file)!));
            File.Copy(Path.Combine(Source, file), Path.Combine(_folder, file));
        }

        var (installed, log) = await Tool.RunAsync("npm", _folder, "ci", "--no-audit", "--no-fund");
        Assert.SkipUnless(installed == 0 || Tool.IsOnBuildMachine, $"npm ci failed, as it does without a network: {log}");
        installed.ShouldBe(0, log);
        var (checkedTypes, errors) = await Tool.RunAsync("npm", _folder, "run", "check");
        checkedTypes.ShouldBe(0, errors);
        var made = Directory.CreateDirectory(Path.Combine(_folder, "made")).FullName;
        var (generated, output) = await Tool.RunAsync("node", _folder, "build/generate.js", made);
        generated.ShouldBe(0, output);

        Names(Board.Folder).ShouldBe(Names(made));
        foreach (var name in Names(made))
        {
            (await File.ReadAllTextAsync(Path.Combine(Board.Folder, name))).ShouldBe(
                await File.ReadAllTextAsync(Path.Combine(made, name)), $"deploy/dashboards/{name} differs from its source: npm run generate in tests/grafana writes it");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[] Names(string folder) => [.. Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
