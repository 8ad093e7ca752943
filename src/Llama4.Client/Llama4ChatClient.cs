using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama4.Client.Chat;
using Llama4.Client.Connection;
using Llama4.Client.Tokens;
using Llama4.Contracts;
using Microsoft.Extensions.AI;

namespace Llama4.Client;

/// <summary>
/// Chats with a cluster over Microsoft.Orleans.Client. Requests are read as those over HTTP are, so that tools, structured output, pictures, limits and errors are the same;
/// an answer goes on when the host that makes it is lost. For any number of chats at once.
/// </summary>
public sealed class Llama4ChatClient : IChatClient, IAsyncDisposable
{
    private const string Provider = "llama4";

    private static readonly TimeSpan ModelLimit = TimeSpan.FromSeconds(1);

    private readonly Llama4ClientOptions _options;
    private readonly ClusterConnection _connection;
    private readonly ChatClientMetadata _metadata;

    /// <exception cref="ClusterRequestException">An option is wrong; one line.</exception>
    public Llama4ChatClient(Llama4ClientOptions options)
    {
        ClusterAddress.Check(options);
        _options = options;
        _connection = new ClusterConnection(options);
        _metadata = new ChatClientMetadata(Provider, new Uri(options.Cluster.GetComponents(UriComponents.SchemeAndServer, UriFormat.Unescaped)), options.Model);
    }

    /// <inheritdoc/>
    /// <exception cref="Llama4Exception">The cluster refused the request, or could not answer it.</exception>
    /// <exception cref="NotSupportedException">A message or an option has no form in OpenAI's API.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Whoever stops reading cancels it: its sequence is freed.</remarks>
    /// <exception cref="Llama4Exception">The cluster refused the request, or could not answer it.</exception>
    /// <exception cref="NotSupportedException">A message or an option has no form in OpenAI's API.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var grains = await _connection.GrainsAsync(cancellationToken);
        var model = options?.ModelId ?? _options.Model ?? await ServedAsync(grains, cancellationToken);
        var body = ChatBody.Of(messages, options, model, Random.Shared.NextInt64());
        var bytesMax = Math.Min(_options.BodyBytesMax, ChatSubmission.BodyBytesMax);
        if (body.Length > bytesMax)
        {
            throw new Llama4Exception(new ChatError(
                413, "invalid_request_error", $"The request may have {bytesMax} bytes, but has {body.Length}.", Code: "request_too_large"));
        }

        var (id, created) = ($"chatcmpl-{Guid.NewGuid():N}", _options.Clock.GetUtcNow());
        await foreach (var piece in new AnswerStream(grains.GetChat, _options.Clock, _options.Caller).PiecesAsync(body, cancellationToken))
        {
            var contents = Contents(piece);
            if (contents.Count > 0 || piece.Finish is not null)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents)
                {
                    ResponseId = id,
                    MessageId = id,
                    ModelId = model,
                    CreatedAt = created,
                    FinishReason = piece.Finish is { } finish ? new ChatFinishReason(finish) : null,
                };
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Takes leave of the cluster; chats in progress end.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private static List<AIContent> Contents(ChatPiece piece)
    {
        var contents = new List<AIContent>();
        if (piece.Text.Length > 0)
        {
            contents.Add(new TextContent(piece.Text));
        }

        contents.AddRange(piece.Calls.Select(call => FunctionCallContent.CreateFromParsedArguments(
            call.Arguments, call.Id, call.Name, text => JsonSerializer.Deserialize<Dictionary<string, object?>>(text, ChatJson.Options))));
        if (piece.Usage is { } usage)
        {
            contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = usage.Prompt,
                OutputTokenCount = usage.Generated,
                TotalTokenCount = usage.Prompt + usage.Generated,
                CachedInputTokenCount = usage.Cached,
            }));
        }

        return contents;
    }

    /// <summary>The name of the model that the cluster serves: hosts are asked until one serves chats.</summary>
    private async Task<string> ServedAsync(IGrainFactory grains, CancellationToken cancellation)
    {
        var started = _options.Clock.GetTimestamp();
        var why = "no host serves chats";
        for (long door = Random.Shared.Next(Doors.Count); ; door++)
        {
            try
            {
                if (await grains.GetChat(door).ModelsAsync().AsTask().WaitAsync(ModelLimit, _options.Clock, cancellation) is [var model, ..])
                {
                    return model;
                }
            }
            catch (Exception away) when (!cancellation.IsCancellationRequested)
            {
                why = away.Message.ReplaceLineEndings(" ");
            }

            if (_options.Clock.GetElapsedTime(started) > _options.ConnectLimit)
            {
                throw new Llama4Exception(new ChatError(503, "server_error", $"The cluster does not say which model it serves: {why}", Code: "service_unavailable", RetryAfterSeconds: 1));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), _options.Clock, cancellation);
        }
    }
}
