using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>YAML as Kubernetes takes it: documents of JSON values, plain scalars typed, aliases written out.</summary>
internal static class YamlJson
{
    public static IEnumerable<JsonNode> Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(document => Value(document.RootNode)!);
    }

    private static JsonNode? Value(YamlNode node) => node switch
    {
        YamlMappingNode map => Map(map),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Value)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidDataException($"a YAML {node.GetType().Name}"),
    };

    private static JsonObject Map(YamlMappingNode map)
    {
        var values = new JsonObject();
        foreach (var (key, value) in map.Children)
        {
            values.Add(((YamlScalarNode)key).Value!, Value(value)); // throws where a key stands twice
        }

        return values;
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when text is "yes" or "no" or "on" or "off" || (text.Length > 1 && text[0] == '0' && text.All(char.IsAsciiDigit)) =>
            throw new InvalidDataException($"'{text}' is another value in YAML 1.1 than in 1.2"),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
