using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>/v1/responses, where it is not as in chat. A row here takes the place of chat's of the same name; every other row of chat holds for both.</summary>
internal static class ResponsesApiFields
{
    private const FieldPlaces Here = FieldPlaces.Responses;

    public static ApiField[] All { get; } =
    [
        new("input", Here, Supported, Either(AString, Objects), "\"x\"",
            "text, or items: message (input_text, input_image, output_text), function_call, function_call_output; reasoning is passed over; required"),
        new("messages", Here, Refused, Objects, """[{"role":"user","content":"x"}]""", "the dialog is input"),
        new("previous_input_messages", Here, Refused, Objects, """[{"role":"user"}]""", "the dialog is input"),
        new("enable_response_messages", Here, Refused, Bool, "true", "a response has no place for them; /apply-template gives the prompt"),
        new("instructions", Here, Supported, AString, "\"Be brief.\"", "a system message in front"),
        new("max_output_tokens", Here, Supported, Int(1), "3", "past it the response is incomplete; goes before chat's names of it"),
        new("text", Here, Supported, AnObject, """{"format":{"type":"text"}}""", "format text, json_object, json_schema; verbosity other than medium is refused"),
        new("tools", Here, Supported, Objects, """[{"type":"function","name":"f"}]""", "type function only"),
        new("tool_choice", Here, Supported, Either(Words("none", "auto", "required"), AnObject), "\"none\"", "none, auto, required, or one function"),
        new("include", Here, Supported, Strings, """["message.output_text.logprobs"]""",
            "message.output_text.logprobs; reasoning.encrypted_content is ignored, others are refused"),
        new("top_logprobs", Here, Supported, Int(0, 20), "2", "asks for log-probabilities too"),
        new("logprobs", Here, Supported, Bool, "true", "as message.output_text.logprobs in include"),
        new("n", Here, Refused, Int(1), "2", "a response is one answer", "1"),
        new("n_cmpl", Here, Refused, Int(1), "2", "a response is one answer", "1"),
        new("prompt_logprobs", Here, Refused, Int(0, 20), "1", "a response has no place for them; chat's answers do"),
        new("return_token_ids", Here, Refused, Bool, "true", "a response has no place for them; chat's answers do"),
        new("return_prompt_text", Here, Refused, Bool, "true", "a response has no place for it; /apply-template gives it"),
        new("llama4_path", Here, Refused, Bool, "true", "a response has no place for paths; chat's answers do"),
        new("stream_options", Here, Ignored, AnObject, """{"include_obfuscation":false}""", "nothing is padded"),
        new("previous_response_id", Here, Refused, AString, "\"resp_1\"", "nothing is stored; send the whole dialog as input"),
        new("conversation", Here, Refused, Either(AString, AnObject), "\"conv_1\"", "nothing is stored; send the whole dialog as input"),
        new("background", Here, Refused, Bool, "true", "nothing is stored; an answer is sent to who waits for it"),
        new("prompt", Here, Refused, AnObject, """{"id":"pmpt_1"}""", "there are no stored prompts"),
        new("truncation", Here, Refused, Words("disabled", "auto"), "\"auto\"", "no item is dropped; what does not fit is refused", "\"disabled\""),
        new("context_management", Here, Refused, Objects, """[{"type":"compaction"}]""", "no item is dropped; what does not fit is refused"),
        new("reasoning", Here, Ignored, AnObject, """{"effort":"low"}""", "Llama 4 does not reason apart from its answer"),
        new("max_tool_calls", Here, Ignored, AnyInt, "3", "it counts calls that a server makes; this one makes none"),
    ];
}
