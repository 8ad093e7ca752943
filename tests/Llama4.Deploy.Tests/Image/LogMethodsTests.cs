using System.Diagnostics;
using System.Text.Json;

namespace Llama4.Deploy.Tests.Image;

/// <summary>That builds in two folders are the same hangs on who writes the log methods (docs/decisions/image.md).</summary>
public sealed class LogMethodsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Those up to 10.0.12 write classes in the order of hash codes.</summary>
    private static readonly Version Sorting = new(10, 0, 13);

    /// <summary>One gets the reference pack's generator by itself, the others a package's.</summary>
    [Theory]
    [InlineData("Llama4.Gateway")]
    [InlineData("Llama4.Client")]
    [InlineData("Llama4.Cluster")]
    public async Task LogMethods_AreWrittenInOrderOfNames(string project)
    {
        var said = await Command.OutputAsync(
            Limit, "dotnet", "msbuild", $"src/{project}", "-p:Configuration=Release", "-p:BuildProjectReferences=false",
            "-t:ResolveReferences;ResolveTargetingPackAssets;ResolveLockFileAnalyzers;LogMethodsInOrder", "-getItem:Analyzer");

        using var items = JsonDocument.Parse(said);
        var generator = items.RootElement.GetProperty("Items").GetProperty("Analyzer").EnumerateArray().Select(item => item.GetProperty("FullPath").GetString()!)
            .Where(file => Path.GetFileName(file) == "Microsoft.Extensions.Logging.Generators.dll").ShouldHaveSingleItem();
        Version.Parse(FileVersionInfo.GetVersionInfo(generator).ProductVersion!.Split('+', '-')[0]).ShouldBeGreaterThanOrEqualTo(Sorting);
    }
}
