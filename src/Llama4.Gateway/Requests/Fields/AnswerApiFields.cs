using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>How an answer is written.</summary>
internal static class AnswerApiFields
{
    private const string Modalities = """{"type":"array","items":{"enum":["text"]}}""";

    public static ApiField[] All { get; } =
    [
        new("stream", Both, Supported, Bool, "false", "server-sent events, a token each"),
        new("stream_options", Both, Supported, AnObject, """{"include_usage":true,"continuous_usage_stats":true}""",
            "include_usage, continuous_usage_stats; include_obfuscation is ignored; only with stream"),
        new("logprobs", Chat, Supported, Bool, "true", "natural logarithms under the raw logits"),
        new("logprobs", Text, Supported, Int(0, 20), "2", "how many best beside the chosen one"),
        new("top_logprobs", Chat, Supported, Int(0, 20), "0", "only with logprobs"),
        new("prompt_logprobs", Both, Supported, Int(0, 20), "1",
            "of each token of the prompt its own, its rank, and so many best (of the answer in chat, of each choice in text); not with stream, where echo with logprobs has them"),
        new("logprob_token_ids", Both, Refused, Ids, "[5]", "log-probabilities are told of the token that was drawn and of the best ones"),
        new("n_probs", Both, Supported, Int(0, 20), "2", "llama-server's name of logprobs with so many best, which go first; 0 for none"),
        new("post_sampling_probs", Both, Refused, Bool, "true", "log-probabilities are those of the raw logits"),
        new("return_tokens_as_token_ids", Both, Supported, Bool, "true", "logprobs name a token token_id:N"),
        new("return_token_ids", Both, Supported, Bool, "true",
            "prompt_token_ids (of the answer in chat, of each choice in text) and each choice's token_ids, those that end it too; in a stream the prompt's come first"),
        new("return_prompt_text", Chat, Supported, Bool, "true", "prompt_text: the dialog as the text of its prompt, special tokens by their names; in a stream with the first event"),
        new("return_token_offsets", Both, Ignored, Bool, "true", "of vLLM's render endpoints"),
        new("return_mm_kwargs", Both, Ignored, Bool, "false", "of vLLM's render endpoints"),
        new("routed_experts_prompt_start", Both, Ignored, Int(0), "1", "answers do not carry routes"),
        new("echo", Text, Supported, Bool, "true", "the answer begins with the prompt, and with logprobs these with those of its tokens"),
        new("echo", Chat, Supported, Bool, "false", "with continue_final_message the answer begins with the message it goes on with"),
        new("skip_special_tokens", Both, Supported, Bool, "false", "default true; false shows their names"),
        new("llama4_path", Both, Supported, Bool, "true", "tokens come with the layers, experts and hosts they went through: docs/decisions/live.md"),
        new("spaces_between_special_tokens", Both, Ignored, Bool, "false", "tokens carry their own spaces"),
        new("response_format", Both, Supported, AnObject, """{"type":"json_object"}""", "text, json_object, json_schema"),
        new("json_schema", Both, Supported, AnObject, """{"type":"object"}""", "llama-server's form of response_format"),
        new("grammar", Both, Supported, AString, "\"root ::= \\\"x\\\"\"", "GBNF"),
        new("grammar_lazy", Both, Refused, Bool, "true", "a grammar holds from the first token"),
        new("grammar_triggers", Both, Refused, Objects, """[{"type":0,"value":"x"}]""", "a grammar holds from the first token"),
        new("preserved_tokens", Both, Refused, Strings, """["x"]""", "they are for grammar_triggers"),
        new("guided_json", Both, Supported, Either(AnObject, AString), """{"type":"object"}""", "vLLM's form of response_format"),
        new("guided_regex", Both, Supported, AString, "\"[0-9]+\"", ""),
        new("guided_choice", Both, Supported, Strings, """["x","y"]""", ""),
        new("guided_grammar", Both, Supported, AString, "\"root ::= \\\"x\\\"\"", ""),
        new("structured_outputs", Both, Supported, AnObject, """{"regex":"x"}""", 
            "vLLM's later form of the guided fields: one of json, json_object, regex, choice, grammar; structural_tag, whitespace_pattern and disable_additional_properties are refused"),
        new("guided_whitespace_pattern", Both, Refused, AString, "\"[ ]?\"", "JSON has one blank or none behind commas and colons"),
        new("guided_decoding_backend", Both, Ignored, AString, "\"auto\"", "there is one"),
        new("modalities", Chat, Refused, Modalities, """["audio"]""", "answers are text", """["text"]"""),
        new("audio", Chat, Refused, AnObject, """{"voice":"x"}""", "answers are text"),
        new("verbosity", Chat, Refused, Words("low", "medium", "high"), "\"low\"", "the prompt says how long an answer is to be", "\"medium\""),
        new("reasoning_effort", Chat, Ignored, AString, "\"low\"", "Llama 4 does not reason apart from its answer"),
        new("include_reasoning", Chat, Ignored, Bool, "true", "there is none"),
        new("thinking_token_budget", Both, Ignored, AnyInt, "100", "there is none"),
        new("reasoning_budget_tokens", Both, Ignored, AnyInt, "100", "there is none"),
        new("reasoning_budget_start_tag", Both, Ignored, AString, "\"<think>\"", "there is none"),
        new("reasoning_budget_end_tag", Both, Ignored, AString, "\"</think>\"", "there is none"),
        new("reasoning_budget_end_tags", Both, Ignored, Strings, """["</think>"]""", "there is none"),
        new("reasoning_budget_message", Both, Ignored, AString, "\"x\"", "there is none"),
        new("reasoning_control", Both, Ignored, Bool, "true", "there is none"),
        new("reasoning_format", Both, Ignored, AString, "\"auto\"", "there is none"),
        new("thinking_forced_open", Chat, Ignored, Bool, "false", "there is none"),
        new("prediction", Chat, Ignored, AnObject, """{"type":"content","content":"x"}""", "a hint for speed"),
        new("verbose", Both, Ignored, Bool, "true", "of llama-server's own answers"),
        new("stream_interval", Both, Ignored, Int(1), "4", "an event has one token"),
        new("sse_ping_interval", Both, Ignored, AnyInt, "10", "a stream has no comments"),
        new("return_progress", Both, Ignored, Bool, "true", "of llama-server's own answers"),
        new("timings_per_token", Both, Ignored, Bool, "true", "of llama-server's own answers"),
        new("return_tokens", Both, Ignored, Bool, "true", "of llama-server's own answers"),
        new("response_fields", Both, Ignored, Strings, """["content"]""", "of llama-server's own answers"),
    ];
}
