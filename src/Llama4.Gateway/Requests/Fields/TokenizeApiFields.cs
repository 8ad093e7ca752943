using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>/tokenize and /detokenize: vLLM's fields, and llama-server's.</summary>
internal static class TokenizeApiFields
{
    public static ApiField[] All { get; } =
    [
        new("model", Tokenize | Detokenize, Supported, AString, "\"scout-nano\"", "may be left out"),
        new("prompt", Tokenize, Supported, AString, "\"x\"", "or messages, or content; special names become their ids"),
        new("messages", Tokenize, Supported, Objects, """[{"role":"user","content":"x"}]""", "laid out as in chat, pictures too"),
        new("return_token_strs", Tokenize, Supported, Bool, "true", "token_strs beside the ids"),
        new("content", Tokenize, Supported, AString, "\"x\"", "llama-server's prompt"),
        new("add_special", Tokenize, Supported, Bool, "true", "of content: begin_of_text in front; default false"),
        new("parse_special", Tokenize, Supported, Bool, "false", "of content: special names become their ids; default true"),
        new("with_pieces", Tokenize, Supported, Bool, "true", "of content: tokens are {id, piece}; a piece that is no text is its bytes"),
        new("tokens", Detokenize, Supported, Ids, "[5]", "required; the text is given as prompt and as content"),
    ];
}
