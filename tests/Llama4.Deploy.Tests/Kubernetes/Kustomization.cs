using System.Text.Json.Nodes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>
/// As much of kustomize as deploy/k8s uses, so that the checks need no program: resources, components, generators without a hash, patches,
/// images, namespace. A field beyond these is refused. Held equal to kubectl's own where that is installed.
/// </summary>
internal static class Kustomization
{
    private static readonly string[] Known =
        ["apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "secretGenerator", "generatorOptions", "patches", "images"];

    /// <param name="folder">Has the kustomization.yaml.</param>
    public static List<JsonObject> Build(string folder)
    {
        var documents = new List<JsonObject>();
        Add(folder, documents);
        return documents;
    }

    private static void Add(string folder, List<JsonObject> documents)
    {
        var file = Path.Combine(folder, "kustomization.yaml");
        var spec = YamlJson.Documents(File.ReadAllText(file)).Single().AsObject();
        if (spec.FirstOrDefault(field => !Known.Contains(field.Key)) is { Key: { } unknown })
        {
            throw new InvalidDataException($"{file}: {unknown} is not known");
        }

        foreach (var path in Texts(spec["resources"]).Select(path => Path.Combine(folder, path)))
        {
            documents.AddRange(Directory.Exists(path) ? Build(path) : YamlJson.Documents(File.ReadAllText(path)).Select(one => one.AsObject()));
        }

        Generate(folder, spec, documents);
        foreach (var component in Texts(spec["components"]))
        {
            Add(Path.Combine(folder, component), documents);
        }

        foreach (var patch in Items(spec["patches"]))
        {
            var text = (string?)patch["patch"] ?? File.ReadAllText(Path.Combine(folder, (string)patch["path"]!));
            Patch.Apply(documents, YamlJson.Documents(text).Single(), patch["target"]?.AsObject());
        }

        SetImages(spec, documents);
        SetNamespace((string?)spec["namespace"], documents);
    }

    private static void Generate(string folder, JsonObject spec, List<JsonObject> documents)
    {
        foreach (var (kind, generators) in new[] { ("ConfigMap", spec["configMapGenerator"]), ("Secret", spec["secretGenerator"]) })
        {
            foreach (var generator in Items(generators))
            {
                if ((bool?)spec["generatorOptions"]?["disableNameSuffixHash"] != true)
                {
                    throw new InvalidDataException($"{folder}: generators have their names without a hash here");
                }

                var data = new JsonObject();
                foreach (var file in Texts(generator["files"]))
                {
                    data[file] = Entry(kind, File.ReadAllText(Path.Combine(folder, file)));
                }

                foreach (var literal in Texts(generator["literals"]).Select(literal => literal.Split('=', 2)))
                {
                    data[literal[0]] = Entry(kind, literal[1]);
                }

                var made = new JsonObject
                {
                    ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = (string)generator["name"]! }, ["data"] = data,
                };
                if (kind == "Secret")
                {
                    made["type"] = "Opaque";
                }

                documents.Add(made);
            }
        }
    }

    private static string Entry(string kind, string text) => kind == "Secret" ? Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)) : text;

    private static void SetImages(JsonObject spec, List<JsonObject> documents)
    {
        foreach (var container in documents.SelectMany(Containers))
        {
            foreach (var image in Items(spec["images"]))
            {
                var (name, tag) = Split((string)container["image"]!);
                if (name == (string)image["name"]!)
                {
                    var (to, newTag) = ((string?)image["newName"] ?? name, (string?)image["newTag"] ?? tag);
                    container["image"] = image["digest"] is { } digest ? $"{to}@{digest}" : newTag.Length > 0 ? $"{to}:{newTag}" : to;
                }
            }
        }
    }

    /// <summary>Name and tag; a colon before the last slash is a port's.</summary>
    public static (string Name, string Tag) Split(string image)
    {
        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "");
    }

    public static IEnumerable<JsonObject> Containers(JsonObject document) =>
        document["spec"]?["template"]?["spec"] is JsonObject pod ? Items(pod["containers"]).Concat(Items(pod["initContainers"])) : [];

    private static void SetNamespace(string? space, List<JsonObject> documents)
    {
        foreach (var document in documents.Where(_ => space is not null))
        {
            document["metadata"]![(string)document["kind"]! == "Namespace" ? "name" : "namespace"] = space;
        }
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list is JsonArray texts ? texts.Select(text => (string)text!) : [];

    private static IEnumerable<JsonObject> Items(JsonNode? list) => list is JsonArray items ? items.Select(item => item!.AsObject()) : [];
}
