using System.CommandLine;
using System.Net;
using Llama4.Cluster;
using Llama4.Contracts;
using Llama4.Server.Serving;
using Llama4.Server.Verbs;

namespace Llama4.Server.Tests.Verbs;

public sealed class ClusterOptionsTests
{
    private static readonly ModelChoice Model = new("dir", 3, 4096);

    [Fact]
    public void Options_AllGiven_AreRead()
    {
        using var folder = new TestFolder();
        var (certificate, authority) = (folder.Write("host.pem", ""), folder.Write("ca.pem", ""));

        var (host, doors) = Read(
            $"--cluster rediss://me:secret@10.0.0.1:6380/2 --cluster-id blue --roles attention,Engine --memory 60GiB --zone rack-7 --name gpu7 --advertise 10.0.0.7 --silo-port 11111 --standby 2 --replicas 3 --cluster-tls {certificate} --cluster-ca {authority} --admin-port 9090 --admin-key sixteen-letters!");

        host.ShouldBe(new ClusterHostOptions
        {
            Redis = new Uri("rediss://me:secret@10.0.0.1:6380/2"),
            ClusterId = "blue",
            ModelDirectory = "dir",
            Roles = HostRoles.Attention | HostRoles.Engine,
            Threads = 3,
            KvBytes = 4096,
            MemoryBytes = 60L << 30,
            Zone = "rack-7",
            Name = "gpu7",
            Advertise = IPAddress.Parse("10.0.0.7"),
            SiloPort = 11111,
            Standbys = 2,
            Replicas = 3,
            TlsCertificate = certificate,
            TlsAuthority = authority,
        });
        doors.ShouldBe(new ClusterDoors(Public: null, AdminPort: 9090, AdminKey: "sixteen-letters!"));
    }

    [Fact]
    public void Options_WithTheStoreAlone_AreTheDefaults()
    {
        var (host, doors) = Read("--cluster redis://10.0.0.1");

        host.ShouldBe(new ClusterHostOptions { Redis = new Uri("redis://10.0.0.1"), ModelDirectory = "dir", Threads = 3, KvBytes = 4096 });
        host.Roles.ShouldBe(HostRoles.Any);
        doors.ShouldBe(new ClusterDoors(new PublicDoor(IPAddress.Loopback, 8080), AdminPort: null, AdminKey: null));
    }

    [Theory]
    [InlineData("any", HostRoles.Any)]
    [InlineData("any,experts", HostRoles.Any)]
    [InlineData("gateway", HostRoles.Gateway)]
    [InlineData("experts, vocabulary", HostRoles.Experts | HostRoles.Vocabulary)]
    public void Roles_AsAList_AreRead(string text, HostRoles roles)
    {
        var command = Serve(out var cluster, out _);
        cluster.Read(command.Parse(["--cluster", "redis://a", "--roles", text]), Model).Roles.ShouldBe(roles);
    }

    [Theory]
    [InlineData("--cluster 10.0.0.1:6379", "--cluster: expected an address like redis://HOST:6379 or redis://HOST:6379/1, found '10.0.0.1:6379'")]
    [InlineData("--cluster http://10.0.0.1:6379", "found 'http://10.0.0.1:6379'")]
    [InlineData("--cluster redis:", "found 'redis:'")]
    [InlineData("--cluster redis:///1", "found 'redis:///1'")]
    [InlineData("--cluster redis://10.0.0.1:99999", "found 'redis://10.0.0.1:99999'")]
    [InlineData("--cluster redis://10.0.0.1/first", "found 'redis://10.0.0.1/first'")]
    [InlineData("--cluster redis://10.0.0.1?db=1", "found 'redis://10.0.0.1?db=1'")]
    [InlineData("--cluster redis://me:secret@10.0.0.1/first", "found 'redis://...@10.0.0.1/first'")]
    [InlineData("--cluster redis://a --cluster-id=", "--cluster-id")]
    [InlineData("--cluster redis://a --roles engines", "--roles: expected any, or a list of engine, attention, experts, vocabulary and gateway, found 'engines'")]
    [InlineData("--cluster redis://a --roles engine,", "found 'engine,'")]
    [InlineData("--cluster redis://a --roles none", "found 'none'")]
    [InlineData("--cluster redis://a --roles 31", "found '31'")]
    [InlineData("--cluster redis://a --roles engines --port 80", "found 'engines'")]
    [InlineData("--cluster redis://a --memory lots", "--memory: expected a size like 512MiB or 60GB, found 'lots'")]
    [InlineData("--cluster redis://a --memory 0", "found '0'")]
    [InlineData("--cluster redis://a --memory 60GiBs", "found '60GiBs'")]
    [InlineData("--cluster redis://a --advertise gpu7", "--advertise: expected this machine's IPv4 address like 10.0.0.7, found 'gpu7'")]
    [InlineData("--cluster redis://a --advertise 7", "found '7'")]
    [InlineData("--cluster redis://a --advertise 0.0.0.0", "found '0.0.0.0'")]
    [InlineData("--cluster redis://a --advertise 255.255.255.255", "found '255.255.255.255'")]
    [InlineData("--cluster redis://a --advertise ::1", "found '::1'")]
    [InlineData("--cluster redis://a --advertise 10.0.0.7:80", "found '10.0.0.7:80'")]
    [InlineData("--cluster redis://a --silo-port 65536", "--silo-port: expected 0 to 65535, found 65536")]
    [InlineData("--cluster redis://a --silo-port -1", "--silo-port: expected 0 to 65535, found -1")]
    [InlineData("--cluster redis://a --port 65536", "--port: expected 0 to 65535, found 65536")]
    [InlineData("--cluster redis://a --admin-port 65536", "--admin-port: expected 0 to 65535, found 65536")]
    [InlineData("--cluster redis://a --admin-port http", "--admin-port: expected 0 to 65535, found http")]
    [InlineData("--cluster redis://a --standby 17", "--standby: expected 0 to 16, found 17")]
    [InlineData("--cluster redis://a --replicas 0", "--replicas: expected 1 to 64, found 0")]
    [InlineData("--cluster redis://a --roles experts --port 8080", "--port is a gateway's, and --roles names no gateway")]
    [InlineData("--cluster redis://a --roles experts --api-keys keys.jsonl", "--api-keys is a gateway's, and --roles names no gateway")]
    [InlineData("--cluster redis://a --cluster-tls host.pem", "--cluster-tls and --cluster-ca go together")]
    [InlineData("--cluster redis://a --cluster-ca ca.pem", "--cluster-tls and --cluster-ca go together")]
    [InlineData("--cluster redis://a --admin-port 0 --admin-key short", "--admin-key: expected at least 16 characters, found 5")]
    [InlineData("--cluster redis://a --admin-key sixteen-letters!", "--admin-key needs --admin-port")]
    [InlineData("--cluster redis://a --zone", "Required argument missing for option: '--zone'")]
    [InlineData("--cluster redis://a --zone a --zone b", "--zone")]
    [InlineData("--cluster redis://a --roles experts --roles engine --port 80", "--roles")]
    [InlineData("--cluster redis://a --admin-port 0 --admin-key first --admin-key second", "--admin-key")]
    [InlineData("--cluster", "--cluster")]
    [InlineData("--zone rack-7", "--zone needs --cluster")]
    [InlineData("--roles experts", "--roles needs --cluster")]
    [InlineData("--memory 60GiB", "--memory needs --cluster")]
    [InlineData("--admin-port 9090", "--admin-port needs --cluster")]
    public async Task Serve_OfWhatCannotBe_IsOneLineAndExitCode2(string options, string message)
    {
        var run = await Llama4Run.OfAsync(["serve", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        run.ShouldFailWith(CommandLine.Usage, message);
        run.Error.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task Serve_InAClusterWithoutAName_IsOneLineAndExitCode2(string name) =>
        (await Llama4Run.OfAsync("serve", "--cluster", "redis://a", "--cluster-id", name)).ShouldFailWith(CommandLine.Usage, $"--cluster-id: expected a name, found '{name}'");

    [Theory]
    [InlineData("--cluster-tls")]
    [InlineData("--cluster-ca")]
    public async Task Serve_WithoutACertificateThere_IsOneLineBeforeTheStoreIsAsked(string missing)
    {
        using var folder = new TestFolder();
        var there = folder.Write("there.pem", "");
        var other = missing == "--cluster-tls" ? "--cluster-ca" : "--cluster-tls";

        var run = await Llama4Run.OfAsync("serve", "--cluster", "redis://127.0.0.1:1", missing, folder["missing.pem"], other, there);

        run.ShouldFailWith(CommandLine.Failure, $"{missing}: expected a file, found none at '{folder["missing.pem"]}'");
    }

    private static (ClusterHostOptions Host, ClusterDoors Doors) Read(string options)
    {
        var command = Serve(out var cluster, out var port);
        var parsed = command.Parse(options.Split(' '));
        parsed.Errors.ShouldBeEmpty();
        return (cluster.Read(parsed, Model), cluster.Doors(parsed, new PublicDoor(IPAddress.Loopback, parsed.GetValue(port))));
    }

    /// <summary>The verb's command with these options alone.</summary>
    private static Command Serve(out ClusterOptions cluster, out Option<int> port)
    {
        var command = new Command("serve");
        cluster = new ClusterOptions();
        port = new Option<int>("--port") { DefaultValueFactory = _ => 8080 };
        command.Add(port);
        cluster.AddTo(command, port);
        return command;
    }
}
