using Llama4.Deploy.Tests.Image;
using Llama4.Deploy.Tests.Kubernetes;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>What Grafana of deploy/compose.yaml reads when it starts: the dashboards where they are mounted, and the Prometheus that runs beside it.</summary>
public sealed class ProvisioningTests
{
    private static readonly ComposeFile Compose = ComposeFile.Read(new Dictionary<string, string> { ["REDIS_PASSWORD"] = "a", ["LLAMA4_ADMIN_KEY"] = "b" });

    private static readonly Dictionary<string, string> Mounts =
        ComposeFile.Texts(Compose.Service("grafana"), "volumes").Select(mount => mount.Split(':')).ToDictionary(mount => mount[0], mount => mount[1]);

    [Fact]
    public void Dashboards_AreReadWhereTheyAreMounted()
    {
        var provider = Read("dashboards")["providers"]!.AsArray().ShouldHaveSingleItem()!;

        ((string)provider["options"]!["path"]!).ShouldBe(Mounts["./dashboards"]);
        Mounts["./dashboards/provisioning"].ShouldBe("/etc/grafana/provisioning");
    }

    [Fact]
    public void Sources_AreOfTheKindsThatDashboardsAskFor_AndPrometheusRuns()
    {
        var sources = Read("datasources")["datasources"]!.AsArray();
        var wanted = Board.All.SelectMany(board => board.Variables).Where(one => one.GetProperty("type").GetString() == "datasource").Select(one => one.GetProperty("query").GetString()!).Distinct();

        wanted.Except(sources.Select(source => (string)source!["type"]!)).ShouldBeEmpty();
        var prometheus = sources.Single(source => (string)source!["type"]! == "prometheus")!;
        var address = new Uri((string)prometheus["url"]!);
        ComposeFile.Texts(Compose.Service(address.Host), "ports").ShouldHaveSingleItem().ShouldEndWith($":{address.Port}");
    }

    private static System.Text.Json.Nodes.JsonNode Read(string kind) =>
        YamlJson.Documents(File.ReadAllText(Path.Combine(Board.Folder, "provisioning", kind, "llama4.yml"))).Single();
}
