using System.Text.RegularExpressions;
using Llama4.Gateway;
using Llama4.Gateway.Admin;
using Llama4.Deploy.Tests.Kubernetes;
using Llama4.Server.Serving;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Image;

/// <summary>What deploy/README.md promises of the systemd units.</summary>
public sealed partial class SystemdTests : IDisposable
{
    private const string Installed = "/opt/llama4/llama4";
    private const double ExposureMax = 2.0;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly string Units = Path.Combine(Golden.Checkout, "deploy", "systemd");

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-units-").FullName;

    public static TheoryData<string> Names => [.. Directory.GetFiles(Units, "*.service").Select(file => Path.GetFileName(file)!).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Unit_IsOneOfSystemdsOwnMind(string name)
    {
        var said = await Command.RunAsync(Limit, Analyze(), "verify", CopyOf(name));

        (said.ExitCode, said.Output, said.Error).ShouldBe((0, "", ""));
    }

    [Fact]
    public async Task Verify_SeesMistakes()
    {
        var copy = CopyOf("llama4.service");
        await File.AppendAllTextAsync(copy, "\n[Service]\nTimeoutStopSeconds=60\n", TestContext.Current.CancellationToken);

        (await Command.RunAsync(Limit, Analyze(), "verify", copy)).Error.ShouldContain("TimeoutStopSeconds");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Unit_IsLockedUp(string name)
    {
        var said = await Command.OutputAsync(Limit, Analyze(), "security", "--offline=true", CopyOf(name));

        double.Parse(Exposure().Match(said).Groups["level"].Value, System.Globalization.CultureInfo.InvariantCulture).ShouldBeLessThan(ExposureMax, said);
    }

    [Fact]
    public void Units_AreLockedUpAlike() => Settings("llama4.service").SkipWhile(IsNotUser).ShouldBe(Settings("llama4-host@.service").SkipWhile(IsNotUser));

    [Theory]
    [InlineData("llama4.service", false)]
    [InlineData("llama4-host@.service", true)]
    public void Unit_IsGivenMoreTimeThanStoppingTakes(string name, bool drains)
    {
        var limits = new GatewayLimits();
        var needed = limits.ShutdownLimit + limits.ShutdownGrace + (drains ? ClusterServer.ChatLimit + ClusterServer.LeaveLimit : TimeSpan.Zero);

        var given = Seconds().Match(Settings(name).Single(line => line.StartsWith("TimeoutStopSec=")));

        (int.Parse(given.Groups["n"].Value) * (given.Groups["unit"].Value == "min" ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1))).ShouldBeGreaterThan(needed);
    }

    [Theory]
    [InlineData("llama4.service", "llama4.env")]
    [InlineData("llama4-host@.service", "engine.env")]
    [InlineData("llama4-host@.service", "experts.env")]
    public void Command_WithTheVariablesOfTheExample_IsUnderstood(string unit, string variables) => Mistakes(unit, variables, Lines(variables)).ShouldBeEmpty();

    [Theory]
    [InlineData("llama4.service", "llama4.env", "LLAMA4_BIND=localhsot")]
    [InlineData("llama4.service", "llama4.env", "LLAMA4_PORT=70000")]
    [InlineData("llama4.service", "llama4.env", "LLAMA4_OPTIONS=--kv-memory lots")]
    [InlineData("llama4.service", "llama4.env", "LLAMA4_BNID=127.0.0.1")]
    [InlineData("llama4-host@.service", "engine.env", "LLAMA4_OPTIONS=--bind 127.0.0.1 --port 8080 --admin-port nine")]
    [InlineData("llama4-host@.service", "engine.env", "LLAMA4_OPTIONS=--bind 127.0.0.1 --prot 8080")]
    [InlineData("llama4-host@.service", "engine.env", "LLAMA4_CLUSTER=http://:PASSWORD@127.0.0.1:6379")]
    [InlineData("llama4-host@.service", "engine.env", "LLAMA4_ADMIN_KEY=short")]
    [InlineData("llama4-host@.service", "experts.env", "LLAMA4_ROLES=expert")]
    [InlineData("llama4-host@.service", "experts.env", "LLAMA4_SILO_PORT=port")]
    [InlineData("llama4-host@.service", "experts.env", "LLAMA4_HEALTH_PORT=")]
    [InlineData("llama4-host@.service", "experts.env", "LLAMA4_OPTIONS=--port 8080")]
    public void Command_WithAMistakeInTheVariables_IsSeen(string unit, string variables, string mistake) =>
        Mistakes(unit, variables, [.. Lines(variables), mistake]).ShouldNotBeEmpty();

    /// <summary>Commented lines of an example are to be taken as they stand.</summary>
    [Theory]
    [InlineData("llama4.service", "llama4.env")]
    [InlineData("llama4-host@.service", "engine.env")]
    [InlineData("llama4-host@.service", "experts.env")]
    public void Command_WithTheVariablesThatAreCommentedOut_IsUnderstood(string unit, string variables) =>
        Mistakes(unit, variables, [.. File.ReadLines(Path.Combine(Units, variables)).Select(line => CommentedOut().Replace(line, "$1")).Where(IsSetting)]).ShouldBeEmpty();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool IsNotUser(string line) => !line.StartsWith("DynamicUser=");

    private static string[] Settings(string name) => Lines(name);

    private static string[] Lines(string name) => [.. File.ReadLines(Path.Combine(Units, name)).Where(IsSetting)];

    private static bool IsSetting(string line) => line.Contains('=') && !line.StartsWith('#');

    /// <summary>What the program says against the unit's command, with these lines in the file of variables.</summary>
    private static IEnumerable<string> Mistakes(string unit, string variables, string[] lines)
    {
        var values = Values(unit, lines);
        var words = Settings(unit).Single(line => line.StartsWith("ExecStart="))["ExecStart=".Length..].Replace("%i", Path.GetFileNameWithoutExtension(variables)).Split(' ');
        words[0].ShouldBe(Installed);
        foreach (var error in ServeArguments.Errors(Arguments(words[1..], values), values.GetValueOrDefault(ClusterOptions.StoreVariable)))
            yield return error;
        if (values.TryGetValue(ClusterOptions.AdminKeyVariable, out var key) && key.Length < AdminSetup.KeyCharsMin)
            yield return $"{ClusterOptions.AdminKeyVariable} is shorter than {AdminSetup.KeyCharsMin} characters";
        string[] read = [ClusterOptions.StoreVariable, ClusterOptions.AdminKeyVariable, PublicDoorOptions.KeysVariable, PublicDoorOptions.KeysFileVariable, .. words.Select(word => word.Trim('$', '{', '}'))];
        foreach (var name in values.Keys.Except(read))
            yield return $"nothing is made of {name}";
    }

    /// <summary>As systemd puts them together: Environment=, then the file, whose last line of a name counts.</summary>
    private static Dictionary<string, string> Values(string unit, string[] lines) =>
        Settings(unit).Where(line => line.StartsWith("Environment=")).SelectMany(line => line["Environment=".Length..].Split(' ')).Concat(lines)
            .Select(pair => pair.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(pairs => pairs.Key, pairs => pairs.Last()[1]);

    /// <summary>${NAME} is a word, $NAME as many as it holds.</summary>
    private static string[] Arguments(string[] words, Dictionary<string, string> values) =>
    [
        .. words.SelectMany(word => word.StartsWith("${") ? [values[word[2..^1]]]
            : word.StartsWith('$') ? values[word[1..]].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : [word]),
    ];

    private static string Analyze()
    {
        Assert.SkipUnless(Command.IsThere("systemd-analyze"), "needs systemd-analyze (Debian: systemd)");
        return "systemd-analyze";
    }

    /// <summary>With a program that is there, and a name in place of a template's.</summary>
    private string CopyOf(string name)
    {
        var copy = Path.Combine(_folder, name.Replace("@.", "@engine."));
        File.WriteAllText(copy, File.ReadAllText(Path.Combine(Units, name)).Replace(Installed, "/bin/true"));
        return copy;
    }

    [GeneratedRegex("^#([A-Z0-9_]+=)")]
    private static partial Regex CommentedOut();

    [GeneratedRegex(@"Overall exposure level for \S+: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();

    [GeneratedRegex("=(?<n>[0-9]+)(?<unit>min|s?)$")]
    private static partial Regex Seconds();
}
