using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>Arguments as Meta's reference writes them in <c>python_list</c>: strings between double quotes without escaping, objects as {k=v}.</summary>
internal static class Unescaped
{
    public static string Assignments(JsonElement members) =>
        string.Join(", ", PythonText.Members(members).Select(one => $"{one.Key}={Value(one.Value)}"));

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"\"{value.GetString()}\"",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Value))}]",
        JsonValueKind.Object => $"{{{Assignments(value)}}}",
        JsonValueKind.Number => PythonText.Number(value, infinity: "inf"),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => "None",
    };
}
