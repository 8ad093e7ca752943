using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>How a dialog's prompt ends: with a header for the answer, with the last message closed, or in its midst.</summary>
/// <param name="AddsGenerationPrompt">An assistant's header follows.</param>
/// <param name="ContinuesFinalMessage">The last message is left open, and the answer goes on with it.</param>
/// <param name="Echoes">The answer begins with that message.</param>
internal readonly record struct PromptEnding(bool AddsGenerationPrompt, bool ContinuesFinalMessage, bool Echoes)
{
    /// <exception cref="ApiError">The fields contradict each other.</exception>
    public static PromptEnding Read(RequestFields fields)
    {
        var continues = fields.Flag("continue_final_message");
        var adds = fields.Flag("add_generation_prompt", absent: !continues);
        return (continues, adds) is (true, true)
            ? throw ApiError.Invalid("'continue_final_message' and 'add_generation_prompt' cannot both be true.", "continue_final_message")
            : new PromptEnding(adds, continues, fields.Flag("echo") && continues);
    }

    /// <exception cref="ApiError">The last message is not one that can be gone on with.</exception>
    public void Check(IReadOnlyList<ChatMessage> dialog)
    {
        if (ContinuesFinalMessage && dialog is not [.., { Role: ChatRole.Assistant, HasCalls: false, Content: [.., TextPart] }])
        {
            throw ApiError.Invalid("'continue_final_message' needs an assistant's message with text and no calls at the end.", "continue_final_message");
        }
    }

    /// <summary>A rendered dialog, its last message open if it is gone on with.</summary>
    /// <param name="prompt">Ends with the token that closes the last message.</param>
    public int[] Open(int[] prompt, SpecialTokens specials)
    {
        if (!ContinuesFinalMessage)
        {
            return prompt;
        }

        return specials.Contains(prompt[^1])
            ? prompt[..^1]
            : throw new InvalidOperationException($"The prompt ends with {prompt[^1]}, which closes no message.");
    }

    /// <summary>What the answer begins with.</summary>
    public string Opening(IReadOnlyList<ChatMessage> dialog) =>
        Echoes ? string.Concat(dialog[^1].Content.OfType<TextPart>().Select(part => part.Text)) : "";
}
