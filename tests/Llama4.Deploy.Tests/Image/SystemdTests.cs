using System.Text.RegularExpressions;
using Llama4.Gateway;
using Llama4.Server.Serving;

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
    public async Task Command_WithTheVariablesOfTheExample_IsUnderstood(string unit, string variables)
    {
        var arguments = Arguments(unit, variables);

        // A verb's help is shown only where everything else on the line parses.
        var said = await Command.RunAsync(Limit, "dotnet", [typeof(Llama4.Server.CommandLine).Assembly.Location, .. arguments, "--roles", "nonsense"]);

        arguments[0].ShouldBe("serve");
        said.ExitCode.ShouldBe(Llama4.Server.CommandLine.Usage);
        said.Error.ShouldContain("--roles");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool IsNotUser(string line) => !line.StartsWith("DynamicUser=");

    private static string[] Settings(string name) => [.. File.ReadLines(Path.Combine(Units, name)).Where(line => line.Contains('=') && !line.StartsWith('#'))];

    /// <summary>As systemd puts them together: Environment=, then the file; ${NAME} is a word, $NAME as many as it holds.</summary>
    private static string[] Arguments(string unit, string variables)
    {
        var values = Settings(unit).Where(line => line.StartsWith("Environment=")).SelectMany(line => line["Environment=".Length..].Split(' '))
            .Concat(File.ReadLines(Path.Combine(Units, variables)).Where(line => line.Contains('=') && !line.StartsWith('#')))
            .Select(pair => pair.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(pairs => pairs.Key, pairs => pairs.Last()[1]);
        var words = Settings(unit).Single(line => line.StartsWith("ExecStart="))["ExecStart=".Length..].Replace("%i", Path.GetFileNameWithoutExtension(variables)).Split(' ');
        words[0].ShouldBe(Installed);
        return
        [
            .. words.Skip(1).SelectMany(word => word.StartsWith("${") ? [values[word[2..^1]]]
                : word.StartsWith('$') ? values[word[1..]].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                : [word]),
        ];
    }

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

    [GeneratedRegex(@"Overall exposure level for \S+: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();

    [GeneratedRegex("=(?<n>[0-9]+)(?<unit>min|s?)$")]
    private static partial Regex Seconds();
}
