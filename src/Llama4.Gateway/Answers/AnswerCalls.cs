using System.Text;
using Llama4.Gateway.Requests;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Gateway.Answers;

/// <summary>
/// Tells one choice's calls from its content. Of an answer that is drawn freely a call is certain when the answer ends; see <see cref="ToolCallParser"/> for
/// what is held back and why. Of one that is drawn under a grammar of calls it is certain as it comes.
/// </summary>
/// <param name="areCertain">Whether what begins like a call is one.</param>
/// <param name="newId">Of calls.</param>
internal sealed class AnswerCalls(ToolFields tools, bool areCertain, Func<Guid> newId)
{
    private readonly ToolCallParser? _parser = areCertain ? null : new(tools.Definitions.Select(tool => tool.Name));
    private readonly CertainCalls? _certain = areCertain ? new(tools.Definitions.Select(tool => tool.Name)) : null;
    private readonly List<CallDelta> _deltas = [];
    private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];

    /// <summary>Takes the next text; gives what is certain to be content.</summary>
    /// <param name="pieces">Gets what is certain of calls.</param>
    public string Append(string text, List<CallPiece> pieces)
    {
        if (_parser is not null)
        {
            return _parser.Append(text);
        }

        _deltas.Clear();
        var content = _certain!.Append(text, _deltas);
        _deltas.ForEach(delta => Add(delta, pieces));
        return content;
    }

    /// <summary>Ends the text: the content that is left, and all calls.</summary>
    /// <param name="pieces">Gets what is new of them.</param>
    public (string Content, IReadOnlyList<CalledTool> Calls) Finish(List<CallPiece> pieces)
    {
        var isCut = _certain is { IsInCall: true };
        var content = _certain?.Finish() ?? "";
        if (_parser is not null)
        {
            (content, var calls) = _parser.Finish();
            foreach (var (i, call) in calls.Take(tools.CallsMax ?? int.MaxValue).Index())
            {
                Add(new CallDelta(i, call.Name, call.Arguments), pieces);
            }
        }

        return (content, [.. _calls.Select((call, i) => new CalledTool(call.Id, call.Name, call.Arguments.ToString()) { IsCut = isCut && i == _calls.Count - 1 })]);
    }

    private void Add(CallDelta delta, List<CallPiece> pieces)
    {
        if (delta.Name is { } name)
        {
            _calls.Add(($"call_{newId():N}", name, new StringBuilder()));
        }

        _calls[delta.Call].Arguments.Append(delta.Arguments);
        pieces.Add(new CallPiece(delta.Call, delta.Name is null ? null : _calls[delta.Call].Id, delta.Name, delta.Arguments));
    }
}
