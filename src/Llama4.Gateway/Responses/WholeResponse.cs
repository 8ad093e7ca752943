using System.Text;
using Llama4.Gateway.Answers;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Responses;

/// <summary>A response that does not stream, sent as one JSON body.</summary>
internal sealed class WholeResponse(ResponseObject response) : IWholeAnswer
{
    private MessageItem? _message;

    public bool IsFull => false;

    public void Write(Choice choice, Piece piece)
    {
        if (piece.HasContent)
        {
            _message ??= response.AddMessage();
            _message.Text.Append(piece.Text);
            _message.Tokens.AddRange(piece.Tokens);
        }

        foreach (var call in piece.Calls ?? [])
        {
            _message = null;
            response.AddCall(call.Id, call.Name).Arguments.Append(call.Arguments);
        }

        if (piece.Finish is { } finish)
        {
            if (response.IsEmpty)
            {
                response.AddMessage();
            }

            response.Finish(finish, piece.IsCallCut);
        }
    }

    public ValueTask FlushAsync() => ValueTask.CompletedTask;

    public Task SendAsync(HttpResponse http, IReadOnlyList<Choice> choices, CancellationToken cancellation) =>
        JsonAnswer.SendAsync(http.HttpContext, json => response.Write(json, Usage.Of(choices)));
}
