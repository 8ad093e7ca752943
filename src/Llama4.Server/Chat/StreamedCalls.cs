using System.Text;
using System.Text.Json;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Chat;

/// <summary>Puts the calls of a streamed answer together: the first piece of each has its name, all have more of its arguments.</summary>
internal sealed class StreamedCalls
{
    private readonly SortedDictionary<int, (string Name, StringBuilder Arguments)> _calls = [];

    public IEnumerable<ParsedToolCall> All => _calls.Values.Select(call => new ParsedToolCall(call.Name, call.Arguments.ToString()));

    /// <param name="pieces">A delta's "tool_calls".</param>
    public void Append(JsonElement pieces)
    {
        foreach (var piece in pieces.EnumerateArray())
        {
            var index = piece.TryGetProperty("index", out var number) ? number.GetInt32() : 0;
            var function = piece.GetProperty("function");
            if (!_calls.TryGetValue(index, out var call))
            {
                _calls[index] = call = (function.GetProperty("name").GetString()!, new StringBuilder());
            }

            call.Arguments.Append(function.TryGetProperty("arguments", out var arguments) ? arguments.GetString() : null);
        }
    }
}
