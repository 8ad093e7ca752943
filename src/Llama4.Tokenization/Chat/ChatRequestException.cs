namespace Llama4.Tokenization.Chat;

/// <summary>A caller's mistake in a chat request.</summary>
/// <param name="message">What was expected and what was found.</param>
/// <param name="param">Where, as a path: <c>messages[2].content[0].type</c>.</param>
public sealed class ChatRequestException(string message, string param) : Exception(message)
{
    /// <summary>Where the mistake is, as a path.</summary>
    public string Param { get; } = param;
}
