using System.Text.Json.Nodes;
using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>TLS between hosts: where cert-manager makes a certificate, every process has it and its authority.</summary>
internal static class CertificateChecks
{
    public static IEnumerable<string> Certificates(Manifests all)
    {
        var certificate = Of(all, "Certificate", "llama4-cluster");
        foreach (var server in all.Servers)
        {
            (string Option, string File)[] files = [("--cluster-tls", "tls.crt"), ("--cluster-ca", "ca.crt")];
            foreach (var (option, file) in files)
                if (server.Option(option) != (certificate is null ? null : $"{Folder(server, (string?)certificate["spec"]!["secretName"])}/{file}"))
                    yield return $"{server.Name}: {option} is {server.Option(option) ?? "not given"}, which is not {file} of the certificate's Secret";
        }

        if (certificate is null)
            yield break;
        var spec = certificate["spec"]!;
        if (!((string[])["server auth", "client auth"]).All(usage => (spec["usages"]?.AsArray() ?? []).Any(one => (string?)one == usage)))
            yield return "the hosts' certificate is not for both ways";
        var authority = Of(all, "Issuer", (string)spec["issuerRef"]!["name"]!)?["spec"]!["ca"]?["secretName"];
        var signed = all.Documents.FirstOrDefault(one => (string)one["kind"]! == "Certificate" && (bool?)one["spec"]!["isCA"] == true && (string?)one["spec"]!["secretName"] == (string?)authority);
        foreach (var one in all.Documents.Where(one => (string)one["kind"]! == "Certificate"))
        {
            var (given, renewed) = (Hours(one["spec"]!["duration"]), Hours(one["spec"]!["renewBefore"]));
            if (given is null or < 24 || renewed >= given || (string?)one["spec"]!["issuerRef"]!["kind"] != "Issuer")
                yield return $"{one["metadata"]!["name"]} holds for {given} h and is renewed {renewed} h before";
        }

        if (signed is null || Of(all, "Issuer", (string)signed["spec"]!["issuerRef"]!["name"]!) is null)
            yield return "nobody signs the hosts' certificate";
    }

    private static int? Hours(JsonNode? duration) => (string?)duration is [.. var hours, 'h'] && int.TryParse(hours, out var value) ? value : null;

    /// <summary>Where a Secret is mounted.</summary>
    private static string? Folder(Workload workload, string? secret)
    {
        var volume = (workload.Pod.Volumes ?? []).FirstOrDefault(one => one.Secret?.SecretName == secret)?.Name;
        return workload.Container.VolumeMounts.FirstOrDefault(mount => mount.Name == volume)?.MountPath;
    }

    private static JsonObject? Of(Manifests all, string kind, string name) =>
        all.Documents.FirstOrDefault(one => (string)one["kind"]! == kind && (string)one["metadata"]!["name"]! == name);
}
