using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Llama4.LoadTest.Scenarios;

/// <summary>YAML as JSON, so that both kinds of files are checked by the same rules: plain numbers, booleans and null (YAML 1.2's core schema), else text.</summary>
internal static class YamlNodes
{
    /// <summary>Deeper files are refused.</summary>
    private const int DepthMax = 32;

    /// <param name="file">For errors.</param>
    /// <exception cref="LoadTestException">It is not one YAML document.</exception>
    public static JsonNode? Parse(string file, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException error)
        {
            throw new LoadTestException($"{file}:{error.Start.Line}: expected YAML, found: {(error.InnerException ?? error).Message}");
        }
        catch (InvalidOperationException error) // the library's scanner, of a flow list that does not end
        {
            throw new LoadTestException($"{file}: expected YAML, found: {error.Message}");
        }

        return stream.Documents.Count == 1
            ? Node(file, stream.Documents[0].RootNode, 0)
            : throw new LoadTestException($"{file}: expected one YAML document, found {stream.Documents.Count}");
    }

    private static JsonNode? Node(string file, YamlNode node, int depth)
    {
        if (depth > DepthMax)
        {
            throw new LoadTestException($"{file}:{node.Start.Line}: expected at most {DepthMax} levels, found more");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var fields = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                    {
                        throw new LoadTestException($"{file}:{key.Start.Line}: expected a key, found a list or mapping");
                    }

                    fields.Add(name, Node(file, value, depth + 1));
                }

                return fields;
            case YamlSequenceNode list:
                return new JsonArray([.. list.Children.Select(item => Node(file, item, depth + 1))]);
            case YamlScalarNode { Style: ScalarStyle.Plain } plain:
                return Plain(plain.Value ?? "");
            case YamlScalarNode scalar:
                return JsonValue.Create(scalar.Value);
            default:
                throw new LoadTestException($"{file}:{node.Start.Line}: expected a value, found {node.NodeType}");
        }
    }

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when char.IsAsciiDigit(text[^1]) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
