using System.Text.Json.Nodes;
using Llama4.Gateway.Requests.Fields;

namespace Llama4.Gateway.OpenApi;

/// <summary>
/// The OpenAPI document, made of <see cref="ApiPaths"/> and the field table: the endpoints read and write their JSON themselves, and nothing
/// of it could be found in their signatures. Refused fields are not shown.
/// </summary>
internal static class ApiDocument
{
    /// <param name="model">A name to show in examples.</param>
    /// <param name="mapped">The paths that this server has.</param>
    public static JsonObject Write(string model, IReadOnlySet<string> mapped)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject { ["Error"] = ErrorSchema() };
        foreach (var path in ApiPaths.All(model).Where(path => mapped.Contains(path.Path)))
        {
            paths[path.Path] = new JsonObject { [path.Method] = Operation(path) };
            if (path.Fields is { } place)
            {
                schemas[SchemaName(place)] = RequestSchema(place);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject { ["title"] = "Llama4Cluster", ["version"] = "1" },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
            },
            ["security"] = new JsonArray(new JsonObject(), new JsonObject { ["key"] = new JsonArray() }), // a server may want no keys
        };
    }

    private static JsonObject Operation(ApiPath path)
    {
        var content = path.Answer is { } answer
            ? new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "object" }, ["example"] = JsonNode.Parse(answer) } }
            : new JsonObject { ["text/plain"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } } };
        if (path.Streams)
        {
            content["text/event-stream"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } };
        }

        var operation = new JsonObject
        {
            ["tags"] = new JsonArray(path.Tag),
            ["summary"] = path.Summary,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "OK", ["content"] = content },
                ["default"] = new JsonObject { ["description"] = "A mistake, or what keeps the server from answering", ["content"] = Json(Reference("Error")) },
            },
        };
        if (path.Fields is { } place)
        {
            var body = Json(Reference(SchemaName(place)));
            body["application/json"]!["example"] = JsonNode.Parse(path.Request!);
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = body };
        }

        if (path.Path.Contains("{id}", StringComparison.Ordinal))
        {
            operation["parameters"] = new JsonArray(new JsonObject
            {
                ["name"] = "id", ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        return operation;
    }

    private static JsonObject RequestSchema(FieldPlaces place)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in ApiFields.Of(place).Where(field => field.Use != FieldUse.Refused))
        {
            var schema = JsonNode.Parse(field.Schema)!.AsObject();
            schema["description"] = field.Use == FieldUse.Ignored ? $"Ignored: {field.Remark}." : field.Remark;
            properties[field.Name] = schema;
            if (field.Remark.EndsWith("; required", StringComparison.Ordinal))
            {
                required.Add(field.Name);
            }
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
    }

    private static JsonObject ErrorSchema() => JsonNode.Parse("""
        {"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["message","type","param","code"],"properties":{
          "message":{"type":"string"},"type":{"type":"string"},"param":{"type":["string","null"],"description":"The field that is wrong."},
          "code":{"type":["string","null"]}}}}}
        """)!.AsObject();

    private static JsonObject Json(JsonObject schema) => new() { ["application/json"] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private static string SchemaName(FieldPlaces place) => $"{place}Request";
}
