using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Llama4.Deploy.Tests.Image;

/// <summary>deploy/compose.yaml as Compose sees it: merged, with the variables of an environment in place.</summary>
public sealed partial class ComposeFile
{
    private ComposeFile(Dictionary<object, object> root) => Root = root;

    public static string Location { get; } = Path.Combine(Golden.Checkout, "deploy", "compose.yaml");

    public Dictionary<object, object> Root { get; }

    public IEnumerable<(string Name, Dictionary<object, object> Service)> Services => Section("services").Select(one => ((string)one.Key, (Dictionary<object, object>)one.Value));

    /// <exception cref="InvalidDataException">A variable that must be set is not; with the message of the file.</exception>
    public static ComposeFile Read(IReadOnlyDictionary<string, string> environment)
    {
        using var text = File.OpenText(Location);
        var root = new DeserializerBuilder().WithDuplicateKeyChecking().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(text)));
        return new ComposeFile((Dictionary<object, object>)Filled(root, environment));
    }

    public Dictionary<object, object> Section(string name) => (Dictionary<object, object>)Root[name];

    public Dictionary<object, object> Service(string name) => Services.Single(one => one.Name == name).Service;

    /// <summary>A list, or none.</summary>
    public static string[] Texts(Dictionary<object, object> service, string key) =>
        service.TryGetValue(key, out var list) ? [.. ((List<object>)list).Cast<string>()] : [];

    public static Dictionary<string, string> Environment(Dictionary<object, object> service) =>
        service.TryGetValue("environment", out var map) ? ((Dictionary<object, object>)map).ToDictionary(one => (string)one.Key, one => (string)one.Value) : [];

    /// <summary>Compose's durations, as 1m30s.</summary>
    public static TimeSpan Duration(string text)
    {
        var parts = DurationPart().Matches(text);
        string.Concat(parts.Select(part => part.Value)).ShouldBe(text, "a duration like 1m30s");
        return parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + int.Parse(part.Groups["n"].Value) * part.Groups["unit"].Value switch
        {
            "h" => TimeSpan.FromHours(1),
            "m" => TimeSpan.FromMinutes(1),
            _ => TimeSpan.FromSeconds(1),
        });
    }

    private static object Filled(object node, IReadOnlyDictionary<string, string> environment) => node switch
    {
        Dictionary<object, object> map => map.ToDictionary(one => one.Key, one => Filled(one.Value, environment)),
        List<object> list => list.Select(one => Filled(one, environment)).ToList(),
        string text => Variable().Replace(text, match => Value(match, environment)),
        _ => node,
    };

    private static string Value(Match match, IReadOnlyDictionary<string, string> environment)
    {
        if (match.Value == "$$")
            return "$";
        if (environment.TryGetValue(match.Groups["name"].Value, out var value) && value.Length > 0)
            return value;
        return match.Groups["how"].Value == ":-" ? match.Groups["rest"].Value : throw new InvalidDataException($"{match.Groups["name"].Value}: {match.Groups["rest"].Value}");
    }

    /// <summary>A lone dollar matches too and is an error: Compose would take what follows for a variable.</summary>
    [GeneratedRegex(@"\$\$|\$\{(?<name>\w+)(?<how>:-|:\?)(?<rest>[^}]*)\}|\$(?<name>\w*)")]
    private static partial Regex Variable();

    [GeneratedRegex("(?<n>[0-9]+)(?<unit>h|m|s)")]
    private static partial Regex DurationPart();
}
