using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>The alert rules: they are well formed, each is shown to fire and not to fire, and each has its entry in the runbook.</summary>
public sealed partial class AlertTests : IDisposable
{
    private static readonly string Folder = Path.Combine(Golden.Checkout, "deploy", "alerts");

    private static readonly string[] UnitTests = [.. Directory.EnumerateFiles(Path.Combine(Folder, "tests"), "*.yml").Order(StringComparer.Ordinal)];

    private static readonly IReadOnlyList<YamlNode> Rules = [.. Load(Path.Combine(Folder, "llama4.rules.yml"))["groups"].List().SelectMany(group => group["rules"].List())];

    private static readonly IReadOnlyList<YamlNode> Alerts = [.. Rules.Where(rule => ((YamlMappingNode)rule).Children.ContainsKey("alert"))];

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-alerts-").FullName;

    /// <summary>PromQL of all rules.</summary>
    internal static IEnumerable<string> Expressions => Rules.Select(rule => rule["expr"].Text());

    /// <summary>PromQL of one alert.</summary>
    internal static string Expression(string alert) => Alerts.Single(one => one["alert"].Text() == alert)["expr"].Text();

    /// <summary>Debian's promtool is built without Kubernetes: there the search for pods is replaced by none.</summary>
    [Theory]
    [InlineData("prometheus.yml")]
    [InlineData("prometheus-kubernetes.yml")]
    public async Task Rules_AndTheConfigurationsThatLoadThem_AreWellFormed(string configuration)
    {
        Tool.Require("promtool");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, configuration));
        await File.WriteAllTextAsync(Path.Combine(_folder, configuration), text.Replace("kubernetes_sd_configs:\n      - role: pod", "static_configs: []", StringComparison.Ordinal));
        File.Copy(Path.Combine(Folder, "llama4.rules.yml"), Path.Combine(_folder, "llama4.rules.yml"));

        var (exitCode, output) = await Tool.RunAsync("promtool", _folder, "check", "config", configuration);

        exitCode.ShouldBe(0, output);
        output.ShouldContain("1 rule files found");
    }

    [Fact]
    public async Task UnitTests_Pass()
    {
        Tool.Require("promtool");

        var (exitCode, output) = await Tool.RunAsync("promtool", Folder, ["test", "rules", .. UnitTests]);

        exitCode.ShouldBe(0, output);
        output.ShouldNotContain("FAILED");
    }

    [Fact]
    public void Alerts_AreEachShownToFireAndNotToFire()
    {
        var shown = (
            from file in UnitTests
            from test in Load(file)["tests"].List()
            from one in test["alert_rule_test"].List()
            select (Name: one["alertname"].Text(), Fires: one["exp_alerts"].List().Any())).ToList();

        foreach (var name in Alerts.Select(alert => alert["alert"].Text()))
        {
            shown.ShouldContain(one => one.Name == name && one.Fires, $"no test shows {name} firing");
            shown.ShouldContain(one => one.Name == name && !one.Fires, $"no test shows {name} silent");
        }

        shown.Select(one => one.Name).Distinct().ShouldBeSubsetOf(Alerts.Select(alert => alert["alert"].Text()));
    }

    [Fact]
    public void Alerts_SayHowBadItIsAndWhatItMeans()
    {
        Alerts.Select(alert => alert["alert"].Text()).ShouldBeUnique();
        foreach (var alert in Alerts)
        {
            ((string[])["critical", "warning", "info"]).ShouldContain(alert["labels"]["severity"].Text());
            alert["annotations"]["summary"].Text().Length.ShouldBeInRange(10, 120);
            alert["annotations"]["description"].Text().Length.ShouldBeInRange(20, 400);
        }
    }

    [Fact]
    public void Runbook_HasAnEntryForEachAlertAndNoOther()
    {
        var runbook = File.ReadAllText(Path.Combine(Golden.Checkout, "docs", "runbook.md"));
        var entries = Heading().Matches(runbook).ToDictionary(heading => heading.Groups[1].Value, heading => heading.Groups[2].Value.Trim());

        entries.Keys.ShouldBe(Alerts.Select(alert => alert["alert"].Text()), ignoreOrder: true);
        foreach (var alert in Alerts)
        {
            var name = alert["alert"].Text();
            alert["annotations"]["runbook_url"].Text().ShouldEndWith($"/docs/runbook.md#{name.ToLowerInvariant()}");
            entries[name].ShouldStartWith(alert["labels"]["severity"].Text(), Case.Insensitive, $"the entry of {name} tells another severity");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static YamlNode Load(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(file);
        yaml.Load(reader);
        return yaml.Documents.Single().RootNode;
    }

    [GeneratedRegex(@"^## (Llama4\w+)\n+((?:(?!^#).*\n?)+)", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

internal static class YamlNodeExtensions
{
    public static IEnumerable<YamlNode> List(this YamlNode node) => ((YamlSequenceNode)node).Children;

    public static string Text(this YamlNode node) => ((YamlScalarNode)node).Value!;
}
