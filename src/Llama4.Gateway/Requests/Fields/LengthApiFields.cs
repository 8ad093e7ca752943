using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>Where an answer ends.</summary>
internal static class LengthApiFields
{
    public static ApiField[] All { get; } =
    [
        new("max_tokens", Both, Supported, Int(-1), "3",
            "default: what the context leaves in chat, 16 in text; -1 for what the context leaves; 0, for the prompt alone, only with echo or prompt_logprobs"),
        new("max_completion_tokens", Both, Supported, Int(-1), "3", "goes before max_tokens"),
        new("n_predict", Both, Supported, Int(-1), "3", "llama-server's name of max_tokens, which goes first"),
        new("min_tokens", Both, Supported, Int(0), "2",
            "neither stop tokens nor stop strings end the answer before; where its form (response_format and the like) leaves nothing else it ends; not above max_tokens"),
        new("stop", Both, Supported, Either(AString, Strings), """["x"]""", "up to 4 strings"),
        new("stop_token_ids", Both, Supported, Ids, "[5]", "beside the model's own"),
        new("include_stop_str_in_output", Both, Supported, Bool, "true", "the stop string, or the text of the stop token, stays"),
        new("ignore_eos", Both, Supported, Bool, "true", "the model's own stop tokens do not end the answer"),
        new("t_max_predict_ms", Both, Refused, AnyInt, "100", "answers are bounded in tokens, so that they stay the same", "0", "-1"),
        new("n_indent", Both, Refused, AnyInt, "2", "answers are not cut by their indentation", "0"),
        new("repetition_detection", Both, Refused, AnObject, """{"max_pattern_size":4}""", "an answer ends where the model ends it"),
        new("n_keep", Both, Ignored, AnyInt, "0", "a context is never shifted"),
        new("n_discard", Both, Ignored, AnyInt, "0", "a context is never shifted"),
        new("n_cache_reuse", Both, Ignored, AnyInt, "256", "what is cached is used where it is exact"),
    ];
}
