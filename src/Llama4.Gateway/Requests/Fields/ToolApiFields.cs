using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>Tools.</summary>
internal static class ToolApiFields
{
    private const string Choice = """{"type":"function","function":{"name":"f"}}""";

    public static ApiField[] All { get; } =
    [
        new("tools", Chat | Tokenize, Supported, Objects, $"[{Choice}]", "type function only; strict where a schema can be kept"),
        new("tool_choice", Chat, Supported, Either(Words("none", "auto", "required"), AnObject), "\"none\"", "none, auto, required, or one function"),
        new("parallel_tool_calls", Chat, Supported, Bool, "false", "false: the first call counts"),
        new("functions", Chat, Refused, Objects, """[{"name":"f"}]""", "tools took its place"),
        new("function_call", Chat, Refused, Either(Words("none", "auto"), AnObject), """{"name":"f"}""", "tool_choice took its place", "\"none\"", "\"auto\""),
        new("web_search_options", Chat, Refused, AnObject, """{"search_context_size":"low"}""", "the server searches nothing"),
        new("parse_tool_calls", Chat, Ignored, Bool, "true", "calls are told from text whenever there are tools"),
        new("chat_format", Both, Ignored, AnyInt, "1", "of llama-server's reader of answers"),
        new("chat_parser", Both, Ignored, AString, "\"x\"", "of llama-server's reader of answers"),
        new("generation_prompt", Both, Ignored, AString, "\"x\"", "of llama-server's reader of answers"),
    ];
}
