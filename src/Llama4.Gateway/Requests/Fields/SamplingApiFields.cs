using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>How tokens are drawn. What is left open is the model's own default (generation_config.json).</summary>
internal static class SamplingApiFields
{
    public static ApiField[] All { get; } =
    [
        new("temperature", Both, Supported, NumberFrom(0), "0.5", "0 takes the greatest logit; there is no upper bound"),
        new("top_p", Both, Supported, Above(0, 1), "0.5", ""),
        new("top_k", Both, Supported, Int(-1), "5", "0 and -1 keep all"),
        new("min_p", Both, Supported, Number(0, 1), "0.1", ""),
        new("presence_penalty", Both, Supported, Number(-2, 2), "0.5", ""),
        new("frequency_penalty", Both, Supported, Number(-2, 2), "0.5", ""),
        new("repetition_penalty", Both, Supported, Above(0, 100), "1.1", "over prompt and answer"),
        new("repeat_penalty", Both, Supported, Above(0, 100), "1.1", "llama-server's name of repetition_penalty, which goes first"),
        new("repeat_last_n", Both, Supported, Int(-1), "64", "how many of the last tokens of prompt and answer penalties see; -1, the default, for all, 0 for none"),
        new("logit_bias", Both, Supported, Either(AnObject, """{"type":"array"}"""), """{"5":1.5}""",
            "an object of id or text to bias, or llama-server's array of [id or text, bias]; a text stands for each of its tokens, and the last bias of a token holds; false forbids; [-100, 100] otherwise"),
        new("seed", Both, Supported, AnyInt, "7", "any 64-bit integer; same seed, same answer"),
        new("n", Both, Supported, Int(1, 128), "2", "answers to each prompt"),
        new("n_cmpl", Both, Supported, Int(1, 128), "2", "llama-server's name of n, which goes first"),
        new("best_of", Both, Supported, Int(1), "1", "only as many as n"),
        new("use_beam_search", Both, Refused, Bool, "true", "answers are drawn"),
        new("length_penalty", Both, Refused, AnyNumber, "2", "it is of beam search", "1"),
        new("early_stopping", Both, Refused, Bool, "true", "it is of beam search"),
        new("allowed_token_ids", Both, Supported, Ids, "[5]", "no others are drawn, an id that ends the answer neither unless it is one of them; up to 1024"),
        new("bad_words", Both, Supported, Strings, """["x"]""",
            "the last token of a word, written as at a text's beginning or behind a blank, is not drawn behind its others; up to 128 of 64 characters"),
        new("logits_processors", Both, Refused, Strings, """["x"]""", "no code of callers is run"),
        new("samplers", Both, Refused, Strings, """["top_k"]""", "their order is fixed"),
        new("typical_p", Both, Supported, Above(0, 1), "0.5", "behind top_k, before top_p"),
        new("tfs_z", Both, Refused, AnyNumber, "0.5", "llama.cpp has dropped it too", "1"),
        new("mirostat", Both, Refused, AnyInt, "1", "it has a state that goes from draw to draw, and a draw here has none", "0"),
        new("mirostat_tau", Both, Ignored, AnyNumber, "5", "of mirostat"),
        new("mirostat_eta", Both, Ignored, AnyNumber, "0.1", "of mirostat"),
        new("dynatemp_range", Both, Supported, Number(0, 2), "0.5", "the temperature follows the entropy, from temperature - range, at least 0, to temperature + range; with temperature 0 too"),
        new("dynatemp_exponent", Both, Supported, Number(0, 100), "1.5", "default 1; of dynatemp_range"),
        new("xtc_probability", Both, Supported, Number(0, 1), "0.5", "behind top_p; not with temperature 0, which takes the greatest"),
        new("xtc_threshold", Both, Supported, Number(0, 1), "0.1", "default 0.1; of xtc_probability"),
        new("adaptive_target", Both, Refused, AnyNumber, "0.5", "it has a state that goes from draw to draw, and a draw here has none", "-1"),
        new("adaptive_decay", Both, Ignored, AnyNumber, "0.9", "of adaptive_target"),
        new("backend_sampling", Both, Ignored, Bool, "true", "where tokens are drawn changes none"),
        new("watermarking", Both, Refused, Bool, "true", "tokens are drawn without"),
        new("top_n_sigma", Both, Supported, Number(-1, 100), "1", "before the temperature; 0 and -1 keep all"),
        new("min_keep", Both, Supported, Int(0), "2", "of min_p, typical_p, top_p and xtc"),
        new("dry_multiplier", Both, Supported, Number(0, 100), "0.8", "0, the default, for none; with temperature 0 too"),
        new("dry_base", Both, Supported, Number(1, 100), "1.75", "default 1.75; of dry_multiplier"),
        new("dry_allowed_length", Both, Supported, Int(1), "2", "default 2; of dry_multiplier"),
        new("dry_penalty_last_n", Both, Supported, Int(-1), "64", "default 64; how many of the last tokens of prompt and answer are looked at, -1 for all, 0 for none"),
        new("dry_sequence_breakers", Both, Supported, Strings, """["\n"]""",
            "default newline, colon, double quote, asterisk; none for []; up to 32 of 40 characters, in up to 16384 tokens of the vocabulary"),
    ];
}
