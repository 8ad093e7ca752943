namespace Llama4.Tokenization.Chat;

/// <summary>How an assistant's tool calls are written into a prompt.</summary>
public enum ToolPromptFormat
{
    /// <summary><c>{"type": "function", "name": N, "parameters": {...}}</c></summary>
    Json,

    /// <summary><c>[N(k="v", k2=3)]</c></summary>
    PythonList,

    /// <summary><c>&lt;function=N&gt;{...}&lt;/function&gt;</c></summary>
    FunctionTag,
}
