using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>
/// The field input as the turns of a chat. A call joins the assistant's message in front of it, as chat has them in one; what a model
/// reasoned is passed over.
/// </summary>
internal static class InputItems
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];

    /// <exception cref="ApiError">An item or a part of one is of no kind that is known; it says which.</exception>
    public static List<ChatTurn> Read(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
        {
            return [ChatTurn.Of("user", RequestFields.Text("input", input), "input")];
        }

        if (input.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType("input", "a string or an array of items", RequestFields.Name(input));
        }

        var turns = new List<ChatTurn>();
        foreach (var (i, item) in input.EnumerateArray().Index())
        {
            Append(item, $"input[{i}]", turns);
        }

        return turns.Count > 0 ? turns : throw ApiError.Invalid("'input' must have at least one message.", "input");
    }

    private static void Append(JsonElement item, string origin, List<ChatTurn> turns)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType(origin, "an object", RequestFields.Name(item));
        }

        var fields = new RequestFields(item);
        var type = fields.Find("type") is { } given ? RequestFields.Text($"{origin}.type", given) : "message";
        switch (type)
        {
            case "message":
                turns.Add(ReadMessage(fields, origin));
                break;
            case "function_call":
                AppendCall(fields, origin, turns);
                break;
            case "function_call_output":
                _ = Required(fields, "call_id", origin);
                turns.Add(ReadContent(new ChatTurn("tool", origin) { ContentName = ".output" }, fields.Find("output")));
                break;
            case "reasoning":
                break;
            default:
                throw ApiError.NotSupported(
                    $"'{origin}' must be of type message, function_call, function_call_output or reasoning; others are not supported.", $"{origin}.type");
        }
    }

    private static ChatTurn ReadMessage(RequestFields fields, string origin)
    {
        var role = Required(fields, "role", origin);
        return Roles.Contains(role)
            ? ReadContent(new ChatTurn(role, origin), fields.Find("content"))
            : throw ApiError.Invalid($"'{origin}.role' must be one of {string.Join(", ", Roles)}.", $"{origin}.role");
    }

    private static void AppendCall(RequestFields fields, string origin, List<ChatTurn> turns)
    {
        if (turns is not [.., { Role: "assistant" }])
        {
            turns.Add(new ChatTurn("assistant", origin));
        }

        turns[^1].Calls.Add(new ChatCall(
            new CalledTool(Required(fields, "call_id", origin), Required(fields, "name", origin), Required(fields, "arguments", origin)), origin));
    }

    private static ChatTurn ReadContent(ChatTurn turn, JsonElement? content)
    {
        var name = turn.Origin + turn.ContentName;
        return content switch
        {
            null => throw ApiError.Missing(name),
            { ValueKind: JsonValueKind.String } text => turn with { Text = RequestFields.Text(name, text) },
            { ValueKind: JsonValueKind.Array } parts =>
                turn with { Parts = [.. parts.EnumerateArray().Select((part, i) => ReadPart(part, $"{name}[{i}]"))] },
            { } other => throw ApiError.WrongType(name, "a string or an array of parts", RequestFields.Name(other)),
        };
    }

    private static ChatPart ReadPart(JsonElement part, string origin)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType(origin, "an object", RequestFields.Name(part));
        }

        var fields = new RequestFields(part);
        return Required(fields, "type", origin) switch
        {
            "input_text" or "output_text" or "text" => new ChatPart(Required(fields, "text", origin), null),
            "refusal" => new ChatPart(Required(fields, "refusal", origin), null),
            "input_image" when fields.Find("file_id") is null => new ChatPart(null, Required(fields, "image_url", origin)),
            "input_image" => throw ApiError.NotSupported($"'{origin}.file_id' is not supported: no files are kept here; send image_url.", $"{origin}.file_id"),
            _ => throw ApiError.NotSupported($"'{origin}' must be of type input_text, input_image or output_text; others are not supported.", $"{origin}.type"),
        };
    }

    private static string Required(RequestFields fields, string name, string origin) =>
        RequestFields.Text($"{origin}.{name}", fields.Find(name) ?? throw ApiError.Missing($"{origin}.{name}"));
}
