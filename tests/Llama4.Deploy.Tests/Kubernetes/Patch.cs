using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The two kinds of patches of a kustomization: strategic merges, and lists of operations (RFC 6902).</summary>
internal static class Patch
{
    /// <summary>Lists of these names are merged by the item's keys; all others are replaced, as Kubernetes' own types say.</summary>
    private static readonly Dictionary<string, string[]> Keys = new()
    {
        ["containers"] = ["name"], ["initContainers"] = ["name"], ["env"] = ["name"], ["volumes"] = ["name"], ["volumeMounts"] = ["mountPath"],
        ["topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
    };

    /// <param name="target">kind and name as regular expressions; null for the patch's own.</param>
    public static void Apply(List<JsonObject> documents, JsonNode patch, JsonObject? target)
    {
        var kind = (string?)(target?["kind"] ?? patch["kind"]) ?? throw new InvalidDataException("a patch without kind");
        var name = (string?)(target is null ? patch["metadata"]!["name"] : target["name"]) ?? throw new InvalidDataException("a patch without name");
        var found = documents.Where(document => Whole(kind, (string)document["kind"]!) && Whole(name, (string)document["metadata"]!["name"]!)).ToList();
        if (found.Count == 0)
        {
            throw new InvalidDataException($"a patch is for {kind} {name}, which there is none of");
        }

        foreach (var document in found)
        {
            if (patch is JsonArray operations)
            {
                foreach (var operation in operations)
                {
                    Operate(document, operation!.AsObject());
                }
            }
            else if ((string?)patch["$patch"] == "delete")
            {
                documents.Remove(document);
            }
            else
            {
                var merged = patch.DeepClone().AsObject();
                merged["metadata"]!.AsObject().Remove("name"); // of the target, which it may not say
                Merge(document, merged);
            }
        }
    }

    private static bool Whole(string pattern, string text) => Regex.IsMatch(text, $"^(?:{pattern})$");

    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                into.Remove(key);
            }
            else if (value is JsonObject map && into[key] is JsonObject old)
            {
                Merge(old, map);
            }
            else if (value is JsonArray list && into[key] is JsonArray present && Keys.TryGetValue(key, out var by))
            {
                foreach (var item in list.Select(item => item!.AsObject()))
                {
                    if (present.FirstOrDefault(one => by.All(key => JsonNode.DeepEquals(one![key], item[key]))) is JsonObject same)
                    {
                        Merge(same, item);
                    }
                    else
                    {
                        present.Add(item.DeepClone());
                    }
                }
            }
            else
            {
                into[key] = value.DeepClone();
            }
        }
    }

    private static void Operate(JsonObject document, JsonObject operation)
    {
        var path = ((string)operation["path"]!).Split('/')[1..].Select(part => part.Replace("~1", "/").Replace("~0", "~")).ToArray();
        JsonNode at = document;
        foreach (var part in path[..^1])
        {
            at = (at is JsonArray list ? list[int.Parse(part)] : at[part]) ?? throw new InvalidDataException($"there is no {operation["path"]}");
        }

        var (last, value) = (path[^1], operation["value"]?.DeepClone());
        switch ((string)operation["op"]!, at)
        {
            case ("add", JsonArray list) when last == "-":
                list.Add(value);
                break;
            case ("add", JsonObject map):
                map[last] = value;
                break;
            case ("replace", JsonObject map) when map.ContainsKey(last):
                map[last] = value;
                break;
            case ("remove", JsonObject map) when map.Remove(last):
                break;
            default:
                throw new InvalidDataException($"{operation.ToJsonString()} is not understood or not possible");
        }
    }
}
