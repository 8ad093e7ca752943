namespace Llama4.Tokenization.ToolCalls;

/// <summary>A call that a model's output makes.</summary>
/// <param name="Name">One of the tools on offer.</param>
/// <param name="Arguments">A JSON object; integers have all their digits.</param>
public sealed record ParsedToolCall(string Name, string Arguments);
