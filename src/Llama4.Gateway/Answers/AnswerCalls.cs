using Llama4.Gateway.Requests;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Gateway.Answers;

/// <summary>Tells one choice's calls from its content; see <see cref="ToolCallParser"/> for what is held back and why.</summary>
/// <param name="newId">Of calls.</param>
internal sealed class AnswerCalls(ToolFields tools, Func<Guid> newId)
{
    private readonly ToolCallParser _parser = new(tools.Definitions.Select(tool => tool.Name));

    /// <summary>Takes the next text; gives what is certain to be content.</summary>
    public string Append(string text) => _parser.Append(text);

    /// <summary>Ends the text: the content that is left, and the calls.</summary>
    public (string Content, IReadOnlyList<CalledTool> Calls) Finish()
    {
        var (content, calls) = _parser.Finish();
        return (content, [.. calls.Take(tools.CallsMax).Select(call => new CalledTool($"call_{newId():N}", call.Name, call.Arguments))]);
    }
}
