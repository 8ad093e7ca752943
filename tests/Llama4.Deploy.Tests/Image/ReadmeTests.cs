using System.Reflection;
using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Image;

/// <summary>deploy/README.md names only what is there.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Folder = Path.Combine(Golden.Checkout, "deploy");
    private static readonly string Text = File.ReadAllText(Path.Combine(Folder, "README.md"));
    private static readonly string[] Commands = [.. Block().Matches(Text).Select(block => block.Groups["text"].Value)];

    [Fact]
    public async Task Commands_AreShell()
    {
        Commands.Length.ShouldBeGreaterThan(5);
        foreach (var block in Commands)
            (await Command.RunAsync(TimeSpan.FromMinutes(1), "bash", "-n", "-c", block)).Error.ShouldBe("", block);
    }

    [Fact]
    public void Commands_NameFilesThatExist() =>
        Commands.SelectMany(block => PathInCheckout().Matches(block).Select(path => path.Value)).Where(path => path != "deploy/.env")
            .Where(path => !File.Exists(Path.Combine(Golden.Checkout, path)) && !Directory.Exists(Path.Combine(Golden.Checkout, path))).ShouldBeEmpty();

    [Fact]
    public void Links_LeadSomewhere() =>
        Link().Matches(Text).Select(link => link.Groups["target"].Value.Split('#')[0]).Where(target => target.Length > 0 && !target.Contains("://"))
            .Where(target => !File.Exists(Path.Combine(Folder, target)) && !Directory.Exists(Path.Combine(Folder, target))).ShouldBeEmpty();

    [Fact]
    public void Anchors_AreHeadings()
    {
        var headings = Heading().Matches(Text).Select(heading => heading.Groups["text"].Value.ToLowerInvariant().Replace(",", "").Replace(' ', '-')).ToHashSet();

        Link().Matches(Text).Select(link => link.Groups["target"].Value).Where(target => target.StartsWith('#')).Where(target => !headings.Contains(target[1..])).ShouldBeEmpty();
    }

    [Fact]
    public void Promises_AreHeldByTestsThatExist()
    {
        var tests = Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsClass && type.IsPublic)
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttributes<FactAttribute>().Any()).Select(method => $"{type.Name}.{method.Name}").Append(type.Name)).ToHashSet();
        var named = Test().Matches(Text[Text.IndexOf("## What is promised", StringComparison.Ordinal)..]).Select(test => test.Groups["name"].Value).ToList();

        named.Count.ShouldBeGreaterThan(15);
        named.Where(name => !tests.Contains(name) && name != "HealthVerbTests").ShouldBeEmpty();
    }

    /// <summary>What there is in the folder has a promise that a test holds.</summary>
    [Fact]
    public void Parts_HaveEachAPromise()
    {
        var parts = Directory.EnumerateFileSystemEntries(Folder).Select(Path.GetFileName).Where(name => name is not ("Dockerfile.dockerignore" or ".env"));
        var rows = Row().Matches(Text[Text.IndexOf("| of | promise |", StringComparison.Ordinal)..]).Where(row => row.Groups["of"].Value is not ("of" or "---")).ToList();

        rows.Select(row => row.Groups["of"].Value).Distinct().Order(StringComparer.Ordinal).ShouldBe(parts.Order(StringComparer.Ordinal));
        rows.Where(row => !Test().IsMatch(row.Groups["test"].Value) && !row.Groups["test"].Value.Contains("by hand")).Select(row => row.Value).ShouldBeEmpty();
    }

    /// <summary>None of the tests of dashboards and alerts holds what is not said.</summary>
    [Fact]
    public void Tests_OfDashboardsAndAlerts_AreNamed() =>
        Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsPublic && type.Namespace == "Llama4.Deploy.Tests.Dashboards" && type.Name.EndsWith("Tests", StringComparison.Ordinal))
            .Select(type => type.Name).Where(name => !Text.Contains($"`{name}")).ShouldBeEmpty();

    [Fact]
    public void Variables_OfCompose_AreAllExplained() =>
        ComposeVariable().Matches(File.ReadAllText(ComposeFile.Location)).Select(variable => variable.Groups["name"].Value).Distinct().Where(name => !Text.Contains($"`{name}`")).ShouldBeEmpty();

    [GeneratedRegex("^```sh\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<![\w/.])(deploy|src)/[\w./@-]+")]
    private static partial Regex PathInCheckout();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^## (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"`(?<name>\w+Tests(\.\w+)?)`")]
    private static partial Regex Test();

    [GeneratedRegex(@"^\| (?<of>[^|]+) \|[^|]+\| (?<test>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\$\{(?<name>\w+)")]
    private static partial Regex ComposeVariable();
}
