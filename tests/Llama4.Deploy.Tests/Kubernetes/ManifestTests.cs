namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Every promise of deploy/k8s, of every overlay.</summary>
public class ManifestTests
{
    internal static readonly Dictionary<string, Func<Manifests, IEnumerable<string>>> Checks = new()
    {
        [nameof(SelectorChecks.Selectors)] = SelectorChecks.Selectors,
        [nameof(SelectorChecks.Names)] = SelectorChecks.Names,
        [nameof(ProcessChecks.Arguments)] = ProcessChecks.Arguments,
        [nameof(ProcessChecks.Identity)] = ProcessChecks.Identity,
        [nameof(ProcessChecks.Ports)] = ProcessChecks.Ports,
        [nameof(ProcessChecks.Probes)] = ProcessChecks.Probes,
        [nameof(ProbeChecks.Times)] = ProbeChecks.Times,
        [nameof(ProcessChecks.Grace)] = ProcessChecks.Grace,
        [nameof(ProcessChecks.Images)] = ProcessChecks.Images,
        [nameof(PodChecks.Rights)] = PodChecks.Rights,
        [nameof(PodChecks.Tokens)] = PodChecks.Tokens,
        [nameof(PodChecks.Volumes)] = PodChecks.Volumes,
        [nameof(SecretChecks.Secrets)] = SecretChecks.Secrets,
        [nameof(FetchChecks.Fetch)] = FetchChecks.Fetch,
        [nameof(PodChecks.Store)] = PodChecks.Store,
        [nameof(PodChecks.Doors)] = PodChecks.Doors,
        [nameof(NetworkChecks.Policies)] = NetworkChecks.Policies,
        [nameof(DisruptionChecks.Budgets)] = DisruptionChecks.Budgets,
        [nameof(DisruptionChecks.Spread)] = DisruptionChecks.Spread,
        [nameof(DisruptionChecks.Rollout)] = DisruptionChecks.Rollout,
        [nameof(ResourceChecks.Memory)] = ResourceChecks.Memory,
        [nameof(ResourceChecks.Devices)] = ResourceChecks.Devices,
        [nameof(AutoscaleChecks.Autoscalers)] = AutoscaleChecks.Autoscalers,
        [nameof(CertificateChecks.Certificates)] = CertificateChecks.Certificates,
        [nameof(IngressChecks.Ingresses)] = IngressChecks.Ingresses,
    };

    public static TheoryData<string, string> All =>
        [.. K8sFolder.Overlays.Append("everything").SelectMany(overlay => Checks.Keys.Select(check => (overlay, check)))
            .Where(one => !OfOneNode(one.overlay) || one.check != nameof(DisruptionChecks.Spread))];

    [Theory, MemberData(nameof(All))]
    public void Overlay_KeepsPromise(string overlay, string check)
    {
        using var everything = overlay == "everything" ? K8sFolder.WithEverything() : null;
        var manifests = everything is null ? K8sFolder.Manifests(overlay) : new Manifests(Kustomization.Build(everything["overlays/everything"]));

        Checks[check](manifests).ShouldBeEmpty();
    }

    /// <summary>minikube has one, which says nothing of spread; everything else is as for many.</summary>
    private static bool OfOneNode(string overlay) => overlay is "minikube-cpu" or "everything";
}
