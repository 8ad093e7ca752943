using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The README's table of promises names tests that there are, and each check stands in it.</summary>
public partial class ReadmeTests
{
    private static readonly string[] Rows = [.. File.ReadLines(Path.Combine(K8sFolder.Root, "README.md"))
        .SkipWhile(line => !line.StartsWith("| of | promise |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))];

    [Fact]
    public void EachPromise_NamesATest() =>
        Rows.Where(row => Tests(row) is not { Count: > 0 } named || named.Any(name => !Exists(name))).ShouldBeEmpty();

    [Fact]
    public void EachCheck_IsAPromise() => ManifestTests.Checks.Keys.Except(Rows.SelectMany(Tests).Select(name => name.Split('.')[1])).ShouldBeEmpty();

    [Fact]
    public void EachFolder_StandsInIt()
    {
        var text = File.ReadAllText(Path.Combine(K8sFolder.Root, "README.md"));

        Folders.Where(folder => !text.Contains($"`{folder}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void EachFolder_HasAPromise() => Rows.SelectMany(row => row.Split('|')[1].Split(',', StringSplitOptions.TrimEntries)).Distinct().Order().ShouldBe(Folders.Order());

    private static IEnumerable<string> Folders => ((string[])["components", "overlays"])
        .SelectMany(folder => Directory.GetDirectories(Path.Combine(K8sFolder.Root, folder)).Select(path => $"{folder}/{Path.GetFileName(path)}")).Append("base");

    private static List<string> Tests(string row) => [.. Named().Matches(row.Split('|')[3]).Select(match => match.Groups[1].Value)];

    private static bool Exists(string name) =>
        typeof(ReadmeTests).Assembly.GetType($"{typeof(ReadmeTests).Namespace}.{name.Split('.')[0]}")?.GetMethod(name.Split('.')[1]) is not null;

    [GeneratedRegex("`(\\w+\\.\\w+)`")]
    private static partial Regex Named();
}
