using static Llama4.Gateway.Requests.Fields.FieldPlaces;
using static Llama4.Gateway.Requests.Fields.FieldSchemas;
using static Llama4.Gateway.Requests.Fields.FieldUse;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>What concerns who asks and how it is served, not the answer.</summary>
internal static class BookkeepingApiFields
{
    public static ApiField[] All { get; } =
    [
        new("user", Both, Ignored, AString, "\"u\"", "the API key says who asks"),
        new("safety_identifier", Both, Ignored, AString, "\"u\"", "the API key says who asks"),
        new("metadata", Both, Ignored, AnObject, """{"a":"b"}""", "nothing is stored"),
        new("store", Both, Ignored, Bool, "true", "nothing is stored, and answers of /v1/responses say so"),
        new("service_tier", Both, Ignored, AString, "\"auto\"", "there is one"),
        new("prompt_cache_key", Both, Ignored, AString, "\"k\"", "equal prefixes are found without"),
        new("prompt_cache_retention", Both, Ignored, AString, "\"24h\"", "the cache keeps what it has room for"),
        new("cache_prompt", Both, Ignored, Bool, "true", "prefixes are always cached, and answers are the same bits with and without"),
        new("cache_salt", Both, Supported, AString, "\"s\"", "prefixes are shared with requests of the same salt only, else with all that have none; 1 to 1024 characters"),
        new("priority", Both, Refused, AnyInt, "1", "the queue is fair between callers", "0"),
        new("request_id", Both, Ignored, AString, "\"r\"", "answers have ids of their own"),
        new("session_id", Both, Ignored, AString, "\"s\"", "equal prefixes are found without"),
        new("id_slot", Both, Ignored, AnyInt, "0", "there are no slots"),
        new("kv_transfer_params", Both, Refused, AnObject, """{"a":1}""", "the cluster moves keys and values by itself"),
        new("ec_transfer_params", Both, Refused, AnObject, """{"a":1}""", "the cluster moves pictures' rows by itself"),
        new("vllm_xargs", Both, Refused, AnObject, """{"a":1}""", "they are for code of callers"),
    ];
}
