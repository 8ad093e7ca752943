using k8s.Models;
using Llama4.Gateway;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The way in lets streams through, and no more than the API.</summary>
internal static class IngressChecks
{
    private const string Nginx = "nginx.ingress.kubernetes.io/";

    private static readonly string[] Known = ["proxy-buffering", "proxy-read-timeout", "proxy-send-timeout", "proxy-body-size", "proxy-request-buffering", "proxy-next-upstream"];

    public static IEnumerable<string> Ingresses(Manifests all)
    {
        var limits = new GatewayLimits();
        foreach (var ingress in all.All<V1Ingress>())
        {
            var annotations = ingress.Metadata.Annotations ?? new Dictionary<string, string>();
            string Said(string name) => annotations.TryGetValue(Nginx + name, out var value) ? value : "";
            if (Said("proxy-buffering") != "off" || Said("proxy-request-buffering") != "off")
                yield return "tokens are held back";
            foreach (var timeout in (string[])["proxy-read-timeout", "proxy-send-timeout"])
                if (!double.TryParse(Said(timeout), out var seconds) || seconds < limits.SilenceLimit.TotalSeconds)
                    yield return $"{timeout}: a stream is cut that the gateway still waits for";
            if (Said("proxy-next-upstream") != "off")
                yield return "an answer that has begun may be asked for twice";
            if (!Said("proxy-body-size").EndsWith('m') || long.Parse(Said("proxy-body-size")[..^1]) << 20 < limits.BodyBytesMax + (long)limits.PictureBodyBytesMax)
                yield return "bodies are refused that the gateway takes";
            foreach (var other in annotations.Keys.Where(key => !Known.Contains(key.Replace(Nginx, "", StringComparison.Ordinal))))
                yield return $"{other} changes what goes through";
            if (ingress.Spec.IngressClassName != "nginx" || ingress.Spec.DefaultBackend is not null)
                yield return "its annotations are another controller's, or everything goes through";
            if (ingress.Spec.Tls is not [{ SecretName: "llama4-tls", Hosts: [{ Length: > 0 } host] }] || ingress.Spec.Rules is not [{ Host: { } named }] || named != host)
                yield return "it is not TLS";
            (string?, string?)[] paths = [.. ingress.Spec.Rules.SelectMany(rule => rule.Http.Paths).Select(path => (path.Path, path.PathType))];
            if (!paths.Order().SequenceEqual([("/detokenize", "Exact"), ("/tokenize", "Exact"), ("/v1", "Prefix")]))
                yield return $"it lets through {string.Join(", ", paths)}";
            foreach (var path in ingress.Spec.Rules.SelectMany(rule => rule.Http.Paths))
            {
                if (path.Path is not ("/v1" or "/tokenize" or "/detokenize"))
                    yield return $"{path.Path} is open to everybody";
                var backend = path.Backend.Service;
                if (!all.All<V1Service>().Any(service => service.Metadata.Name == backend.Name && service.Spec.Ports.Any(port => port.Name == backend.Port.Name)
                    && all.Servers.Any(one => one.Component == "gateway" && SelectorChecks.Selects(service, one))))
                    yield return $"{path.Path} leads to {backend.Name}, which is no gateway's";
            }
        }
    }
}
