using System.Text.RegularExpressions;

namespace Llama4.Server.Tests.Docs;

/// <summary>What the documents name exists: files, links and identifiers.</summary>
public sealed partial class DocumentsTests
{
    private static readonly string Sources = string.Join('\n', SourceFiles().Select(File.ReadAllText));
    private static readonly HashSet<string> Words = [.. Word().Matches(Sources).Select(match => match.Value)];

    public static TheoryData<string> Documents => [.. All().Select(file => Path.GetRelativePath(Golden.Checkout, file))];

    [Fact]
    public void Walk_HasTenStepsWhoseFilesCarryTheSameNumbers()
    {
        var steps = WalkStep().Matches(File.ReadAllText(Path.Combine(Golden.Checkout, "ARCHITECTURE.md")));

        steps.Select(step => int.Parse(step.Groups["number"].Value)).ShouldBe(Enumerable.Range(1, 10));
        foreach (Match step in steps)
        {
            var file = Path.Combine(Golden.Checkout, "src", step.Groups["file"].Value);
            File.Exists(file).ShouldBeTrue(file);
            var text = File.ReadAllText(file);
            text.ShouldContain($"/// Step {step.Groups["number"].Value}: ", customMessage: file);
            text.ShouldMatch($@"class {Path.GetFileNameWithoutExtension(file)}\b", file);
        }
    }

    [Fact]
    public void Walk_IsReadInOneSitting() =>
        WalkStep().Matches(File.ReadAllText(Path.Combine(Golden.Checkout, "ARCHITECTURE.md")))
            .Sum(step => File.ReadLines(Path.Combine(Golden.Checkout, "src", step.Groups["file"].Value)).Count())
            .ShouldBeLessThan(2000);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_NamesOnlyIdentifiersThatExist(string document)
    {
        var text = CodeBlock().Replace(File.ReadAllText(Path.Combine(Golden.Checkout, document)), "");
        var named = CodeSpan().Matches(text).Select(match => match.Groups["code"].Value).Where(code => Identifier().IsMatch(code));

        named.SelectMany(name => name.Split('.')).Where(part => !Words.Contains(part)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_NamesOnlyFilesThatExist(string document)
    {
        var file = Path.Combine(Golden.Checkout, document);
        var text = File.ReadAllText(file);
        var links = Link().Matches(text).Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://"))
            .Select(target => Path.Combine(Path.GetDirectoryName(file)!, target));
        var spans = CodeSpan().Matches(text).Select(match => match.Groups["code"].Value).Where(code => PathInCheckout().IsMatch(code))
            .Select(path => Path.Combine(Golden.Checkout, path));

        links.Concat(spans).Where(path => !File.Exists(path) && !Directory.Exists(path)).ShouldBeEmpty();
    }

    private static IEnumerable<string> All() =>
    [
        Path.Combine(Golden.Checkout, "README.md"),
        Path.Combine(Golden.Checkout, "ARCHITECTURE.md"),
        .. Directory.EnumerateFiles(Path.Combine(Golden.Checkout, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> SourceFiles() =>
        from folder in (string[])["src", "tests"]
        from pattern in (string[])["*.cs", "*.csproj"]
        from file in Directory.EnumerateFiles(Path.Combine(Golden.Checkout, folder), pattern, SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Golden.Checkout, file).Split(Path.DirectorySeparatorChar)
        where !path.Contains("obj") && !path.Contains("bin") && !path.Contains("Docs")
        select file;

    [GeneratedRegex(@"^(?<number>\d+)\. `(?<file>[^`]+\.cs)`", RegexOptions.Multiline)]
    private static partial Regex WalkStep();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("(?<!`)`(?<code>[^`\n]+)`")]
    private static partial Regex CodeSpan();

    /// <summary>A name of this code: capitals inside, or a project's or member's dots.</summary>
    [GeneratedRegex(@"^[A-Z][a-z0-9]+([A-Z.][A-Za-z0-9]+)+(?<!\.(props|sln|md))$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^((src|tests|docs)/[\w./-]+|[A-Z][\w.]+\.(props|sln|md))$")]
    private static partial Regex PathInCheckout();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
