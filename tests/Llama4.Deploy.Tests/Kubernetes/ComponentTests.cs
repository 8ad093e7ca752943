using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What a component changes, against an overlay without it.</summary>
public class ComponentTests
{
    private static readonly Manifests Without = K8sFolder.Manifests("minikube-cpu");

    [Fact]
    public void ZoneLabel_TakesTheZoneForTheNode()
    {
        using var everything = K8sFolder.WithEverything();

        Without.Hosts.ShouldAllBe(host => host.Option("--zone") == "node-0");
        With(everything).Hosts.ShouldAllBe(host => host.Option("--zone") == "zone-a");
    }

    [Fact]
    public void Otlp_TellsEveryProcessItsCollector()
    {
        using var everything = K8sFolder.WithEverything();

        Without.Servers.ShouldAllBe(server => !server.Environment.ContainsKey("OTEL_EXPORTER_OTLP_ENDPOINT"));
        With(everything).Servers.ShouldAllBe(server => server.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel-collector.monitoring:4317");
    }

    [Fact]
    public void Monitoring_LetsPrometheusInAndNothingElse()
    {
        using var everything = K8sFolder.WithEverything();
        var policy = With(everything).All<V1NetworkPolicy>().Single(one => one.Metadata.Name == "metrics");

        Without.All<V1NetworkPolicy>().ShouldNotContain(one => one.Metadata.Name == "metrics");
        policy.Spec.PolicyTypes.ShouldBe(["Ingress"]);
        policy.Spec.Ingress.ShouldHaveSingleItem().Ports.ShouldHaveSingleItem().Port.Value.ShouldBe(Without.Servers.First().Option("--health-port"));
    }

    private static Manifests With(K8sFolder everything) => new(Kustomization.Build(everything["overlays/everything"]));
}
