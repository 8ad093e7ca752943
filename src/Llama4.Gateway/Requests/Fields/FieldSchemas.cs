using System.Globalization;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>JSON Schemas of fields' values, as JSON.</summary>
internal static class FieldSchemas
{
    public const string Any = "{}";
    public const string Bool = """{"type":"boolean"}""";
    public const string AString = """{"type":"string"}""";
    public const string AnObject = """{"type":"object"}""";
    public const string Strings = """{"type":"array","items":{"type":"string"}}""";
    public const string Ids = """{"type":"array","items":{"type":"integer","minimum":0}}""";
    public const string Objects = """{"type":"array","items":{"type":"object"}}""";
    public const string AnyInt = """{"type":"integer"}""";
    public const string AnyNumber = """{"type":"number"}""";

    public static string Int(int min, int max = int.MaxValue) => max == int.MaxValue
        ? $$"""{"type":"integer","minimum":{{min}}}"""
        : $$"""{"type":"integer","minimum":{{min}},"maximum":{{max}}}""";

    public static string Number(double min, double max) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"number","minimum":{{min}},"maximum":{{max}}}""");

    public static string NumberFrom(double min) => string.Create(CultureInfo.InvariantCulture, $$"""{"type":"number","minimum":{{min}}}""");

    /// <summary>Greater than <paramref name="min"/>.</summary>
    public static string Above(double min, double max) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"number","exclusiveMinimum":{{min}},"maximum":{{max}}}""");

    public static string Words(params string[] words) => $$"""{"enum":[{{string.Join(',', words.Select(word => $"\"{word}\""))}}]}""";

    public static string Either(params string[] schemas) => $$"""{"anyOf":[{{string.Join(',', schemas)}}]}""";
}
