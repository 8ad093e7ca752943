using System.Text.Json;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>The endpoints whose requests have fields.</summary>
[Flags]
internal enum FieldPlaces
{
    /// <summary>/v1/chat/completions.</summary>
    Chat = 1,

    /// <summary>/v1/completions.</summary>
    Text = 2,

    /// <summary>/v1/responses.</summary>
    Responses = 4,

    /// <summary>/tokenize.</summary>
    Tokenize = 8,

    /// <summary>/detokenize.</summary>
    Detokenize = 16,

    /// <summary>Both completions.</summary>
    Both = Chat | Text,
}

/// <summary>What becomes of a field.</summary>
internal enum FieldUse
{
    /// <summary>It does what its makers say it does; a wrong type or range is a 400 that names it.</summary>
    Supported,

    /// <summary>It changes nothing of an answer here, and is not looked at.</summary>
    Ignored,

    /// <summary>It would change the answer and cannot be done: a 400 that names it, unless its value is one that asks for nothing.</summary>
    Refused,
}

/// <summary>One row of the field table.</summary>
/// <param name="Name">As requests have it.</param>
/// <param name="Places">Where it is so.</param>
/// <param name="Use">What becomes of it.</param>
/// <param name="Schema">JSON Schema of its values, as JSON.</param>
/// <param name="Example">A value, as JSON: one that is taken, or for a refused field one that is refused.</param>
/// <param name="Remark">For people.</param>
/// <param name="Neutral">Of a refused field: values that are taken because they ask for nothing, as JSON; null, false and what is empty are so anyway.</param>
internal sealed record ApiField(
    string Name, FieldPlaces Places, FieldUse Use, string Schema, string Example, string Remark, params string[] Neutral)
{
    private readonly JsonElement[] _neutral = [.. Neutral.Select(Parse)];

    /// <summary>Whether a value asks for nothing.</summary>
    public bool IsNeutral(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String when value.ValueEquals("") => true,
        JsonValueKind.Array when value.GetArrayLength() == 0 => true,
        JsonValueKind.Object when value.GetPropertyCount() == 0 => true,
        _ => _neutral.Any(one => AreEqual(one, value)),
    };

    private static bool AreEqual(JsonElement one, JsonElement other)
    {
        try
        {
            return JsonElement.DeepEquals(one, other);
        }
        catch (InvalidOperationException)
        {
            return false; // half of a surrogate pair is in it, and none of ours has one
        }
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
