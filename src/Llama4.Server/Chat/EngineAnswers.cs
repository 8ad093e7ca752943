using System.Runtime.CompilerServices;
using Llama4.Contracts;
using Llama4.Server.Serving;
using Llama4.Tokenization.Chat;
using Llama4.Tokenization.Streaming;

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

    public async IAsyncEnumerable<string> AnswerAsync(
        IReadOnlyList<Turn> dialog,
        AnswerSettings settings,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = Request(Prompt(dialog), settings);
        var (result, generation) = await client.SubmitAsync(request, cancellation);
        if (generation is null)
        {
            throw new IOException(result.Message);
        }

        await using (generation) // frees the sequence when the reader stops early
        {
            var detokenizer = new IncrementalDetokenizer(model.Tokenizer);
            await foreach (var chunk in generation.Chunks(cancellation))
            {
                var text = Text(chunk, detokenizer);
                if (text.Length > 0)
                {
                    yield return text;
                }

                if (chunk.Finish is not null)
                {
                    yield break;
                }
            }
        }
    }

    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;

    private int[] Prompt(IReadOnlyList<Turn> dialog)
    {
        var prompt = model.ChatFormat.Render([.. dialog.Select(Message)], addGenerationPrompt: true);
        return prompt.Length < contextTokensMax
            ? prompt
            : throw new InvalidOperationException($"the dialog has {prompt.Length} tokens, which leaves no room for an answer within {contextTokensMax}");
    }

    private static ChatMessage Message(Turn turn) => new(
        turn.Role switch
        {
            "system" => ChatRole.System,
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            _ => throw new InvalidDataException($"\"role\": expected system, user or assistant, found \"{turn.Role}\""),
        },
        turn.Content);

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
