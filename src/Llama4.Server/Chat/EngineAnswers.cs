using System.Runtime.CompilerServices;
using Llama4.Contracts;
using Llama4.Gateway.Pictures;
using Llama4.Images;
using Llama4.Server.Serving;
using Llama4.Tokenization.Chat;
using Llama4.Tokenization.Streaming;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Chat;

/// <summary>Answers from the cluster in this process, with nothing between but tokenizer and chat format.</summary>
/// <param name="contextTokensMax">Most tokens of dialog and answer together.</param>
/// <param name="owned">Disposed with this.</param>
internal sealed class EngineAnswers(IGenerationClient client, ServedModel model, string name, int contextTokensMax, IAsyncDisposable? owned = null) : IAnswerSource
{
    /// <summary>Over a model that becomes this object's own.</summary>
    public EngineAnswers(RunningModel model)
        : this(model.Cluster.Client, model.Served, model.Name, model.Cluster.TokensMax, model)
    {
    }

    public string Model => name;

    public bool MayTakePictures => model.Tiles is not null;

    public async IAsyncEnumerable<AnswerPiece> AnswerAsync(
        ChatDialog dialog,
        AnswerSettings settings,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = Request(dialog, settings);
        var (result, generation) = await client.SubmitAsync(request, cancellation);
        if (generation is null)
        {
            throw new IOException(result.Message);
        }

        await using (generation) // frees the sequence when the reader stops early
        {
            var detokenizer = new IncrementalDetokenizer(model.Tokenizer);
            var calls = dialog.Tools is { Count: > 0 } tools ? new ToolCallParser(tools.Select(tool => tool.Name)) : null;
            await foreach (var chunk in generation.Chunks(cancellation))
            {
                var text = Text(chunk, detokenizer);
                text = calls?.Append(text) ?? text;
                if (text.Length > 0)
                {
                    yield return new AnswerPiece(text);
                }

                if (chunk.Finish is not null)
                {
                    foreach (var piece in Rest(calls))
                    {
                        yield return piece;
                    }

                    yield break;
                }
            }
        }
    }

    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static IEnumerable<AnswerPiece> Rest(ToolCallParser? calls)
    {
        if (calls is null)
        {
            return [];
        }

        var (content, parsed) = calls.Finish();
        return [.. content.Length > 0 ? [new AnswerPiece(content)] : Array.Empty<AnswerPiece>(), .. parsed.Select(call => new AnswerPiece("", call))];
    }

    private GenerateRequest Request(ChatDialog dialog, AnswerSettings settings)
    {
        var pictures = new DialogPictures(dialog.Messages, [.. dialog.Messages.SelectMany(message => message.Content).OfType<ImagePart>().Select(Tiles)]);
        var prompt = model.ChatFormat.Render(dialog with { Messages = pictures.Messages });
        return prompt.Length < contextTokensMax
            ? Request(prompt, settings) with { Images = model.Tiles is null ? [] : pictures.Place(prompt, model.Tokenizer.Specials["<|patch|>"]) }
            : throw new InvalidOperationException($"the dialog has {prompt.Length} tokens, which leaves no room for an answer within {contextTokensMax}");
    }

    private ImageTiles Tiles(ImagePart picture) =>
        ImageTiles.Of(ImageDecoder.Decode(DataUri.Read(picture.Url)), model.Tiles ?? throw new InvalidOperationException($"{name} takes text only"));

    private GenerateRequest Request(int[] prompt, AnswerSettings settings) => new()
    {
        Id = Guid.NewGuid(),
        Prompt = prompt,
        TokensMax = Math.Min(settings.TokensMax, contextTokensMax - prompt.Length),
        Sampling = model.Defaults with
        {
            Temperature = settings.Temperature ?? model.Defaults.Temperature,
            TopP = settings.TopP ?? model.Defaults.TopP,
        },
        StopIds = model.StopIds,
        Seed = settings.Seed ?? (ulong)Random.Shared.NextInt64(),
        Caller = "chat",
    };

    private string Text(TokenChunk chunk, IncrementalDetokenizer detokenizer)
    {
        if (chunk.Finish is FinishReason.Error or FinishReason.Cancelled)
        {
            throw new IOException(chunk.Error ?? "the answer was ended before it was complete");
        }

        // A model's vocabulary may be padded past its tokenizer's: such an id has no text.
        var text = chunk.Token is { } id && !model.StopIds.Contains(id) && id < model.Tokenizer.VocabularySize ? detokenizer.Append(id) : "";
        return chunk.Finish is null ? text : text + detokenizer.Flush();
    }
}
