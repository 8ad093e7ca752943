using Llama4.Gateway;
using Llama4.Deploy.Tests.Kubernetes;
using Llama4.Server.Serving;

namespace Llama4.Deploy.Tests.Image;

/// <summary>What deploy/README.md promises of deploy/compose.yaml, of the file alone; <see cref="ComposeRunTests"/> starts its commands.</summary>
public sealed class ComposeTests
{
    private static readonly Dictionary<string, string> Secrets = new() { ["REDIS_PASSWORD"] = "of-redis", ["LLAMA4_ADMIN_KEY"] = "of-the-operators" };

    private readonly ComposeFile _file = ComposeFile.Read(Secrets);

    public static TheoryData<string> Services => [.. ComposeFile.Read(Secrets).Services.Select(one => one.Name)];

    public static TheoryData<string> Hosts => ["engine", "experts"];

    [Fact]
    public void File_HasOnlyKeysOfTheSpecificationWithValuesOfTheirKind() => ComposeSchema.Errors(_file.Root).ShouldBeEmpty();

    [Fact]
    public void Schema_SeesMistakes()
    {
        _file.Service("engine")["read-only"] = "true";
        _file.Service("engine")["ports"] = "8080";

        ComposeSchema.Errors(_file.Root).ShouldBe(["services.engine.ports: expected List, found Text", "services.engine.read-only: no such key"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("REDIS_PASSWORD")]
    [InlineData("LLAMA4_ADMIN_KEY")]
    public void File_WithoutASecret_IsRefused(string name) =>
        Should.Throw<InvalidDataException>(() => ComposeFile.Read(Secrets.Where(one => one.Key != name).ToDictionary())).Message.ShouldContain("deploy/README.md");

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_IsLockedUpAndComesBack(string name)
    {
        var service = _file.Service(name);

        service["read_only"].ShouldBe("true");
        ComposeFile.Texts(service, "cap_drop").ShouldBe(["ALL"]);
        ComposeFile.Texts(service, "security_opt").ShouldBe(["no-new-privileges:true"]);
        service["restart"].ShouldBe("unless-stopped");
        service.ShouldNotContainKey("cap_add");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_HasAnImageOfOneVersion(string name)
    {
        var image = (string)_file.Service(name)["image"];

        image.ShouldMatch(@"^[a-z0-9./-]+:v?\d+\.\d+\.\d+[\w.-]*$");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_PublishesOnLoopbackUntilAskedForMore(string name) =>
        ComposeFile.Texts(_file.Service(name), "ports").ShouldAllBe(port => port.StartsWith("127.0.0.1:"));

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_MountsWhatIsThere(string name)
    {
        var mounts = ComposeFile.Texts(_file.Service(name), "volumes").Select(mount => mount.Split(':')[0]).ToLookup(mount => mount.StartsWith("./"));

        mounts[false].Except(_file.Section("volumes").Keys.Cast<string>()).ShouldBeEmpty();
        mounts[true].Where(folder => !Directory.Exists(Path.Combine(Golden.Checkout, "deploy", folder))).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Host_IsGivenMoreTimeThanADrainTakes(string name)
    {
        var limits = new GatewayLimits();

        ComposeFile.Duration((string)_file.Service(name)["stop_grace_period"])
            .ShouldBeGreaterThan(limits.ShutdownLimit + limits.ShutdownGrace + ClusterServer.ChatLimit + ClusterServer.LeaveLimit);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Host_KeepsSecretsOffItsCommandLine(string name)
    {
        var command = string.Join(' ', ComposeFile.Texts(_file.Service(name), "command"));

        Secrets.Values.ShouldAllBe(secret => !command.Contains(secret));
        ComposeFile.Environment(_file.Service(name))["LLAMA4_CLUSTER"].ShouldBe($"redis://:{Secrets["REDIS_PASSWORD"]}@redis:6379");
    }

    [Fact]
    public void Shell_ReadsVariablesThatItsServiceHas() => _file.Services.SelectMany(one => UnknownVariables(one.Service)).ShouldBeEmpty();

    [Fact]
    public void UnknownVariable_IsSeen()
    {
        var redis = _file.Service("redis");
        ((Dictionary<object, object>)redis["healthcheck"])["test"] = new List<object> { "CMD-SHELL", "REDISCLI_AUTH=$REDIS_PASWORD redis-cli ping" };
        UnknownVariables(redis).ShouldBe(["REDIS_PASWORD"]);

        redis["command"] = new List<object> { "sh", "-c", "redis-server --requirepass $PASSWORD" };
        UnknownVariables(redis).ShouldBe(["PASSWORD", "REDIS_PASWORD"], ignoreOrder: true);
    }

    [Fact]
    public void HostsNetwork_LeadsNowhereAndOnlyTheGatewayIsInFront()
    {
        ((Dictionary<object, object>)_file.Section("networks")["hosts"])["internal"].ShouldBe("true");

        _file.Services.Where(one => !one.Service.ContainsKey("profiles") && NetworksOf(one.Service).Contains("front")).Select(one => one.Name).ShouldBe(["engine"]);
    }

    private static IEnumerable<string> UnknownVariables(Dictionary<object, object> service)
    {
        var check = service.TryGetValue("healthcheck", out var map) ? ComposeFile.Texts((Dictionary<object, object>)map, "test") : [];
        return Shell.UnknownVariables(ComposeFile.Texts(service, "command").Concat(check), ComposeFile.Environment(service).Keys);
    }

    private static IEnumerable<string> NetworksOf(Dictionary<object, object> service) => service["networks"] switch
    {
        Dictionary<object, object> map => map.Keys.Cast<string>(),
        var list => ((List<object>)list).Cast<string>(),
    };
}
