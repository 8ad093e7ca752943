using Llama4.Gateway.Requests.Fields;

namespace Llama4.Gateway.OpenApi;

/// <summary>The paths that a server may have. What fields a request has is in the field table.</summary>
internal static class ApiPaths
{
    private const string Generate = "Generate";
    private const string Tokens = "Tokens";
    private const string Server = "Server";

    /// <param name="model">A name to show in examples.</param>
    public static IReadOnlyList<ApiPath> All(string model) =>
    [
        new("/v1/chat/completions", "post", Generate, "Answers a dialog (OpenAI's chat completions)", $$$"""
            {"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":"{{{model}}}","system_fingerprint":"fp_1","choices":[{"index":0,
            "message":{"role":"assistant","content":"Paris.","refusal":null},"logprobs":null,"finish_reason":"stop"}],
            "usage":{"prompt_tokens":19,"completion_tokens":3,"total_tokens":22,"prompt_tokens_details":{"cached_tokens":0} } }
            """)
        {
            Fields = FieldPlaces.Chat,
            Request = $$"""{"model":"{{model}}","messages":[{"role":"user","content":"What is the capital of France?"}]}""",
            Streams = true,
        },
        new("/v1/completions", "post", Generate, "Continues a text (OpenAI's completions)", $$$"""
            {"id":"cmpl-1","object":"text_completion","created":1767225600,"model":"{{{model}}}","system_fingerprint":"fp_1","choices":[{"index":0,
            "text":" Paris.","logprobs":null,"finish_reason":"stop"}],
            "usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":0} } }
            """)
        {
            Fields = FieldPlaces.Text,
            Request = $$"""{"model":"{{model}}","prompt":"The capital of France is"}""",
            Streams = true,
        },
        new("/v1/responses", "post", Generate, "Answers a dialog of items, without state (OpenAI's responses)", $$$"""
            {"id":"resp_1","object":"response","created_at":1767225600,"status":"completed","model":"{{{model}}}","output":[{"id":"msg_1","type":"message",
            "status":"completed","role":"assistant","content":[{"type":"output_text","text":"Paris.","annotations":[],"logprobs":[]}]}],"store":false,
            "usage":{"input_tokens":19,"input_tokens_details":{"cached_tokens":0},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":22} }
            """)
        {
            Fields = FieldPlaces.Responses,
            Request = $$"""{"model":"{{model}}","input":"What is the capital of France?"}""",
            Streams = true,
        },
        new("/tokenize", "post", Tokens, "The ids of a text or a dialog", """{"count":2,"max_model_len":4096,"tokens":[200000,59976],"token_strs":null}""")
        {
            Fields = FieldPlaces.Tokenize,
            Request = $$"""{"model":"{{model}}","prompt":"Paris"}""",
        },
        new("/detokenize", "post", Tokens, "The text of ids", """{"prompt":"Paris","content":"Paris"}""")
        {
            Fields = FieldPlaces.Detokenize,
            Request = $$"""{"model":"{{model}}","tokens":[1,2]}""",
        },
        new("/apply-template", "post", Tokens, "A dialog as the text of its prompt", """{"prompt":"<|begin_of_text|>..."}""")
        {
            Fields = FieldPlaces.Tokenize,
            Request = """{"messages":[{"role":"user","content":"Hello"}]}""",
        },
        new("/v1/models", "get", Server, "What is served", $$"""{"object":"list","data":[{"id":"{{model}}","object":"model","created":1767225600,"owned_by":"llama4","max_model_len":4096}]}"""),
        new("/v1/models/{id}", "get", Server, "One of them", $$"""{"id":"{{model}}","object":"model","created":1767225600,"owned_by":"llama4","max_model_len":4096}"""),
        new("/health", "get", Server, "200 once a token was generated through the cluster, and until shutdown begins", """{"status":"ok"}"""),
        new("/ping", "get", Server, "The same", """{"status":"ok"}"""),
        new("/health/ready", "get", Server, "The same", """{"status":"ready"}"""),
        new("/health/live", "get", Server, "200 while the process can answer", """{"status":"live"}"""),
        new("/version", "get", Server, "The server's version", """{"version":"0.1.0"}"""),
        new("/props", "get", Server, "What llama-server's clients ask of a server", """{"default_generation_settings":{"n_ctx":4096},"modalities":{"vision":true,"audio":false}}"""),
        new("/metrics", "get", Server, "What the gateway and the engine are doing, in Prometheus' text format", null),
        new("/console/live", "get", Server, "The cluster live, as server-sent events", null),
        new("/", "get", Server, "What is here", """{"server":"llama4","endpoints":["/v1/models"]}"""),
    ];
}
