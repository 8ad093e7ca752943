namespace Llama4.Tokenization.Chat;

/// <summary>How definitions, calls and results of tools are written into a prompt.</summary>
public enum ChatDialect
{
    /// <summary>
    /// Definitions in the system message, calls as <c>[f(k="v")]</c>: Meta's own. As the template that vLLM ships has it
    /// (vllm-project/vllm, examples/tool_chat_template_llama4_pythonic.jinja), which checkpoints on the hub are like.
    /// </summary>
    Meta,

    /// <summary>
    /// Definitions in the first user message or in the system message, calls as <c>{"name": "f", "parameters": {...}}</c>: the template that
    /// transformers carries (models/llama4/processing_llama4.py), which the checkpoints at launch had.
    /// </summary>
    Json,

    /// <summary>The layout that scout-nano was trained on.</summary>
    Nano,
}

/// <summary>Names of dialects, and how they are told from a checkpoint's chat template.</summary>
public static class ChatDialects
{
    /// <summary>The names, as options take them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<ChatDialect>().Select(NameOf)];

    /// <summary>The name of a dialect, as options take it.</summary>
    public static string NameOf(ChatDialect dialect) => dialect switch
    {
        ChatDialect.Meta => "meta",
        ChatDialect.Json => "json",
        ChatDialect.Nano => "nano",
        _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, "No such dialect."),
    };

    /// <summary>The dialect of a name, or null.</summary>
    public static ChatDialect? Find(string name) =>
        Enum.GetValues<ChatDialect>().Where(dialect => NameOf(dialect) == name).Select(dialect => (ChatDialect?)dialect).SingleOrDefault();

    /// <summary>
    /// The dialect of a chat template, told from sentences that only it has; null for one that is unknown. The template is never run: its
    /// text can be anybody's.
    /// </summary>
    public static ChatDialect? Recognise(string template) =>
        template.Contains("Chat layout of scout-nano", StringComparison.Ordinal) ? ChatDialect.Nano
        : template.Contains("Here is a list of functions in JSON format that you can invoke", StringComparison.Ordinal) ? ChatDialect.Meta
        : template.Contains("respond with a JSON for a function call", StringComparison.Ordinal)
            || template.Contains("please respond with JSON for a function call", StringComparison.Ordinal) ? ChatDialect.Json
        : null;
}
