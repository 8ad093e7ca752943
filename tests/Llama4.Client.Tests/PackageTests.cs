using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Llama4.Client.Tests;

public class PackageTests
{
    [Fact]
    public void Library_ReferencesTheContractsOnly() =>
        typeof(Llama4ChatClient).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!).Where(name => name.StartsWith("Llama4", StringComparison.Ordinal))
            .ShouldBe(["Llama4.Contracts"]);

    [Fact]
    public async Task Package_DependsOnNothingOfTheServer()
    {
        var folder = Directory.CreateTempSubdirectory("llama4-pack");
        try
        {
            var package = await PackAsync(folder.FullName);
            using var zip = await ZipFile.OpenReadAsync(package);
            var names = zip.Entries.Select(entry => entry.FullName).ToList();
            names.ShouldContain("lib/net10.0/Llama4.Client.dll");
            names.ShouldContain("README.md");
            await using var stream = await zip.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync();
            var nuspec = await XDocument.LoadAsync(stream, LoadOptions.None, CancellationToken.None);

            nuspec.Descendants().Single(element => element.Name.LocalName == "id").Value.ShouldBe("Llama4Cluster.Client");
            var dependencies = nuspec.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).ToList();
            dependencies.Where(id => id.StartsWith("Llama4", StringComparison.Ordinal)).ShouldBe(["Llama4Cluster.Contracts"]);
            dependencies.ShouldContain("Microsoft.Orleans.Client");
            dependencies.ShouldContain("Microsoft.Extensions.AI.Abstractions");
            dependencies.ShouldNotContain("Microsoft.Orleans.Server");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What this test was built with; nothing is built anew.</summary>
    private static async Task<string> PackAsync(string folder)
    {
        var project = Path.Combine(Golden.Checkout, "src", "Llama4.Client");
        using var pack = Process.Start(new ProcessStartInfo("dotnet", ["pack", project, "-c", OneHost.Configuration, "--no-build", "-o", folder]) { RedirectStandardOutput = true })!;
        var output = await pack.StandardOutput.ReadToEndAsync().WaitAsync(OneHost.Limit);
        await pack.WaitForExitAsync();
        pack.ExitCode.ShouldBe(0, output);
        return Directory.GetFiles(folder, "*.nupkg").ShouldHaveSingleItem();
    }
}
