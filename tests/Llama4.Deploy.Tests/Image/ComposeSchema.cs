namespace Llama4.Deploy.Tests.Image;

/// <summary>What of the Compose specification (compose-spec/compose-spec, 05-services.md and its neighbours) the file uses: every key must be here, with a value of a kind it allows.</summary>
internal static class ComposeSchema
{
    [Flags]
    private enum Kinds
    {
        Text = 1,
        List = 2,
        Map = 4,
        None = 8,
    }

    private static readonly Dictionary<string, Kinds> Top = new()
    {
        ["name"] = Kinds.Text, ["services"] = Kinds.Map, ["networks"] = Kinds.Map, ["volumes"] = Kinds.Map, ["secrets"] = Kinds.Map, ["configs"] = Kinds.Map,
    };

    private static readonly Dictionary<string, Kinds> Service = new()
    {
        ["image"] = Kinds.Text, ["user"] = Kinds.Text, ["command"] = Kinds.Text | Kinds.List, ["entrypoint"] = Kinds.Text | Kinds.List,
        ["environment"] = Kinds.Map | Kinds.List, ["ports"] = Kinds.List, ["networks"] = Kinds.List | Kinds.Map, ["volumes"] = Kinds.List, ["tmpfs"] = Kinds.Text | Kinds.List,
        ["read_only"] = Kinds.Text, ["cap_drop"] = Kinds.List, ["cap_add"] = Kinds.List, ["security_opt"] = Kinds.List, ["restart"] = Kinds.Text,
        ["stop_grace_period"] = Kinds.Text, ["depends_on"] = Kinds.List | Kinds.Map, ["healthcheck"] = Kinds.Map, ["logging"] = Kinds.Map, ["profiles"] = Kinds.List, ["deploy"] = Kinds.Map,
    };

    private static readonly Dictionary<string, Kinds> Health = new()
    {
        ["test"] = Kinds.Text | Kinds.List, ["interval"] = Kinds.Text, ["timeout"] = Kinds.Text, ["retries"] = Kinds.Text, ["start_period"] = Kinds.Text, ["start_interval"] = Kinds.Text,
    };

    private static readonly Dictionary<string, Kinds> Logging = new() { ["driver"] = Kinds.Text, ["options"] = Kinds.Map };
    private static readonly Dictionary<string, Kinds> Deploy = new() { ["replicas"] = Kinds.Text };
    private static readonly Dictionary<string, Kinds> Dependency = new() { ["condition"] = Kinds.Text, ["restart"] = Kinds.Text, ["required"] = Kinds.Text };
    private static readonly Dictionary<string, Kinds> Attachment = new() { ["aliases"] = Kinds.List };
    private static readonly Dictionary<string, Kinds> Network = new() { ["driver"] = Kinds.Text, ["internal"] = Kinds.Text };
    private static readonly Dictionary<string, Kinds> Volume = new() { ["driver"] = Kinds.Text, ["name"] = Kinds.Text, ["external"] = Kinds.Text };

    /// <returns>What is wrong, each with its path; empty where all is well.</returns>
    public static IReadOnlyList<string> Errors(Dictionary<object, object> root)
    {
        var errors = new List<string>();
        Check("", root.Where(one => !((string)one.Key).StartsWith("x-", StringComparison.Ordinal)).ToDictionary(one => one.Key, one => one.Value), Top, errors);
        if (errors.Count > 0)
            return errors;
        Each(root, "services", "services", Service, errors, (path, service) =>
        {
            Inner(path, service, "healthcheck", Health, errors);
            Inner(path, service, "logging", Logging, errors);
            Inner(path, service, "deploy", Deploy, errors);
            Each(service, "depends_on", path + ".depends_on", Dependency, errors);
            Each(service, "networks", path + ".networks", Attachment, errors);
        });
        Each(root, "networks", "networks", Network, errors);
        Each(root, "volumes", "volumes", Volume, errors);
        return errors;
    }

    private static void Each(
        Dictionary<object, object> of, string key, string path, Dictionary<string, Kinds> known, List<string> errors, Action<string, Dictionary<object, object>>? then = null)
    {
        if (!of.TryGetValue(key, out var section) || section is not Dictionary<object, object> all)
            return;
        foreach (var (name, value) in all)
        {
            if (value is not Dictionary<object, object> map)
            {
                errors.Add($"{path}.{name}: expected a map");
                continue;
            }
            Check($"{path}.{name}", map, known, errors);
            then?.Invoke($"{path}.{name}", map);
        }
    }

    private static void Inner(string path, Dictionary<object, object> of, string key, Dictionary<string, Kinds> known, List<string> errors)
    {
        if (of.TryGetValue(key, out var value) && value is Dictionary<object, object> map)
            Check($"{path}.{key}", map, known, errors);
    }

    private static void Check(string path, Dictionary<object, object> map, Dictionary<string, Kinds> known, List<string> errors)
    {
        foreach (var (key, value) in map)
        {
            if (!known.TryGetValue((string)key, out var kinds))
                errors.Add($"{path}.{key}: no such key");
            else if (!kinds.HasFlag(KindOf(value)))
                errors.Add($"{path}.{key}: expected {kinds}, found {KindOf(value)}");
        }
    }

    private static Kinds KindOf(object? value) => value switch
    {
        Dictionary<object, object> => Kinds.Map,
        List<object> => Kinds.List,
        null => Kinds.None,
        _ => Kinds.Text,
    };
}
