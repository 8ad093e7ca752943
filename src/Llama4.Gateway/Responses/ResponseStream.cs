using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>
/// The events of a response: created and in_progress; for each item added, its parts and deltas, done; at the end completed, incomplete or
/// failed with the whole of it. Each has a sequence_number, from 0.
/// </summary>
internal sealed class ResponseStream(SseConnection connection, ResponseObject response) : IAnswerStream
{
    private int _sequence;
    private MessageItem? _message;
    private CallItem? _call;

    public bool IsFull => connection.IsFull;

    public void Start(IReadOnlyList<Choice> choices)
    {
        connection.Open();
        Put("response.created", WriteResponse);
        Put("response.in_progress", WriteResponse);
    }

    public void Write(Choice choice, Piece piece)
    {
        if (piece.HasContent)
        {
            WriteText(piece);
        }

        foreach (var call in piece.CallPieces ?? [])
        {
            WriteCall(call);
        }

        if (piece.Finish is { } finish)
        {
            response.Finish(finish, piece.IsCallCut);
            if (response.IsEmpty)
            {
                OpenMessage();
            }

            CloseMessage();
            CloseCall();
        }
    }

    public void End(IReadOnlyList<Choice> choices) =>
        Put($"response.{response.Status}", json => WriteResponse(json, Usage.Of(choices), null));

    public void WriteError(ApiError error)
    {
        response.Fail();
        Put("response.failed", json => WriteResponse(json, null, error));
    }

    public ValueTask FlushAsync() => connection.FlushAsync();

    public void Dispose() => connection.Dispose();

    private void WriteText(Piece piece)
    {
        var message = _message ?? OpenMessage();
        message.Text.Append(piece.Text);
        message.Tokens.AddRange(piece.Tokens);
        PutOfPart("response.output_text.delta", message, json =>
        {
            json.WriteString("delta", piece.Text);
            json.WritePropertyName("logprobs");
            response.Format.WriteTokens(json, piece.Tokens);
        });
    }

    private MessageItem OpenMessage()
    {
        CloseCall(); // an item ends before the next one begins
        _message = response.AddMessage();
        PutItem("response.output_item.added", _message, ResponseItem.InProgress);
        PutPart("response.content_part.added", _message);
        return _message;
    }

    private void CloseMessage()
    {
        if (_message is not { } message)
        {
            return;
        }

        _message = null;
        PutOfPart("response.output_text.done", message, json =>
        {
            json.WriteString("text", message.Text.ToString());
            json.WritePropertyName("logprobs");
            response.Format.WriteTokens(json, message.Tokens);
        });
        PutPart("response.content_part.done", message);
        PutItem("response.output_item.done", message, response.ItemStatus);
    }

    private void WriteCall(CallPiece piece)
    {
        if (piece.Name is { } name)
        {
            CloseMessage();
            CloseCall();
            _call = response.AddCall(piece.Id!, name);
            PutItem("response.output_item.added", _call, ResponseItem.InProgress);
        }

        if (piece.Arguments.Length > 0)
        {
            _call!.Arguments.Append(piece.Arguments);
            PutOf("response.function_call_arguments.delta", _call, json => json.WriteString("delta", piece.Arguments));
        }
    }

    private void CloseCall()
    {
        if (_call is not { } call)
        {
            return;
        }

        _call = null;
        PutOf("response.function_call_arguments.done", call, json =>
        {
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments.ToString());
        });
        PutItem("response.output_item.done", call, response.ItemStatus);
    }

    private void WriteResponse(Utf8JsonWriter json) => WriteResponse(json, null, null);

    private void WriteResponse(Utf8JsonWriter json, Usage? usage, ApiError? error)
    {
        json.WritePropertyName("response");
        response.Write(json, usage, error);
    }

    private void PutItem(string type, ResponseItem item, string status) => Put(type, json =>
    {
        json.WriteNumber("output_index", item.Index);
        json.WritePropertyName("item");
        item.Write(json, status);
    });

    private void PutPart(string type, MessageItem message) => PutOfPart(type, message, json =>
    {
        json.WritePropertyName("part");
        message.WritePart(json);
    });

    private void PutOfPart(string type, MessageItem message, Action<Utf8JsonWriter> write) => PutOf(type, message, json =>
    {
        json.WriteNumber("content_index", 0);
        write(json);
    });

    private void PutOf(string type, ResponseItem item, Action<Utf8JsonWriter> write) => Put(type, json =>
    {
        json.WriteString("item_id", item.Id);
        json.WriteNumber("output_index", item.Index);
        write(json);
    });

    private void Put(string type, Action<Utf8JsonWriter> write)
    {
        connection.Put(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: {type}\ndata: ")));
        connection.PutJson((type, sequence: _sequence++, write), static (json, value) =>
        {
            json.WriteStartObject();
            json.WriteString("type", value.type);
            json.WriteNumber("sequence_number", value.sequence);
            value.write(json);
            json.WriteEndObject();
        });
        connection.Put("\n\n"u8);
    }
}
