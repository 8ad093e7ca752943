using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>What the prompt is made of.</summary>
internal static class PromptApiFields
{
    public static ApiField[] All { get; } =
    [
        new("model", Both, Supported, AString, "\"scout-nano\"", "one of /v1/models; the first of them where it is left out"),
        new("messages", Chat, Supported, Objects, """[{"role":"user","content":"x"}]""",
            "roles system, developer, user, assistant, tool; parts text, image_url (an object with url, or the address alone) and, of the assistant, refusal; required"),
        new("prompt", Text, Supported, Either(AString, Strings, Ids, """{"type":"array","items":{"type":"array"}}"""), "\"x\"",
            "text, token ids, or arrays of either; special names in text become their ids; required"),
        new("add_generation_prompt", Chat | Tokenize, Supported, Bool, "true", "default true; false lets the model write the next header too"),
        new("continue_final_message", Chat | Tokenize, Supported, Bool, "false",
            "the answer goes on with the last message, an assistant's; add_generation_prompt must then be false"),
        new("add_special_tokens", Text | Tokenize, Supported, Bool, "true", "default true: begin_of_text in front of a text"),
        new("add_special_tokens", Chat, Refused, Bool, "true", "the dialog's layout has its begin_of_text already"),
        new("chat_template_kwargs", Chat | Tokenize, Supported, AnObject, """{"tools_in_user_message":true}""", "tools_in_user_message; others are ignored"),
        new("chat_template", Chat | Tokenize, Refused, AString, "\"{{ x }}\"", "templates are never executed"),
        new("documents", Chat, Refused, Objects, """[{"text":"x"}]""", "no layout of Llama 4 has them"),
        new("mm_processor_kwargs", Chat, Refused, AnObject, """{"max_patches":1}""", "the checkpoint says how pictures are cut"),
        new("media_io_kwargs", Chat, Refused, AnObject, """{"image":{"a":1}}""", "how pictures are read is fixed"),
        new("image_data", Text, Refused, Objects, """[{"id":1}]""", "pictures are parts of a chat's messages"),
        new("suffix", Text, Refused, AString, "\"x\"", "Llama 4 was not trained to fill in"),
        new("prompt_embeds", Both, Refused, AString, "\"AAAA\"", "a prompt is tokens"),
        new("truncate_prompt_tokens", Both, Supported, Int(-1), "-1",
            "keeps so many tokens of a prompt, the last ones; -1 for as many as the context holds beside the answer; not with pictures"),
        new("truncation_side", Both, Supported, Words("left", "right"), "\"right\"", "of truncate_prompt_tokens: right keeps the first tokens of a prompt, left, the default, the last"),
        new("lora", Both, Refused, Objects, """[{"id":0}]""", "there are no adapters"),
        new("lora_request", Both, Refused, AnObject, """{"lora_name":"x"}""", "there are no adapters"),
    ];
}
