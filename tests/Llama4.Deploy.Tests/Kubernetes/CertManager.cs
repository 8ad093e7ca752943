using System.Text.Json.Nodes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The fields of cert-manager.io/v1 that are used here, for which the client has no types (cert-manager.io/docs/reference/api-docs).</summary>
internal static class CertManager
{
    private static readonly Dictionary<string, string[]> Fields = new()
    {
        ["Issuer"] = ["selfSigned", "ca"],
        ["Certificate"] = ["isCA", "commonName", "secretName", "duration", "renewBefore", "privateKey", "usages", "dnsNames", "issuerRef"],
    };

    public static bool Knows(string kind) => kind.StartsWith("cert-manager.io/v1/", StringComparison.Ordinal);

    public static void Check(JsonObject document)
    {
        var kind = (string)document["kind"]!;
        document.Select(field => field.Key).Except(["apiVersion", "kind", "metadata", "spec"]).ShouldBeEmpty(kind);
        document["spec"]!.AsObject().Select(field => field.Key).Except(Fields[kind]).ShouldBeEmpty(kind);
        if (kind == "Certificate")
        {
            document["spec"]!["issuerRef"]!["name"].ShouldNotBeNull();
            document["spec"]!["secretName"].ShouldNotBeNull();
        }
    }
}
