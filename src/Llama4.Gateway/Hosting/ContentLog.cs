using System.Runtime.CompilerServices;
using Llama4.Contracts;
using Llama4.Tokenization;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>Prompts and answers in the log, for who asked for that (<see cref="GatewayOptions.LogsContent"/>); otherwise nothing of either is written anywhere.</summary>
internal sealed partial class ContentLog(GatewayOptions options, ILogger<ContentLog> logger)
{
    /// <summary>Characters of one text; 16,384 are some 4,000 tokens. A log line must not be as long as a context.</summary>
    private const int CharsMax = 16 << 10;

    /// <summary>Logs the prompt, and the answer when it has ended.</summary>
    public IGeneration Watch(GenerateRequest request, IGeneration generation)
    {
        if (!options.LogsContent)
        {
            return generation;
        }

        Prompt(logger, request.Id, request.Caller, Text(request.Prompt));
        return new Watched(this, request.Id, generation);
    }

    private void Ended(Guid request, List<int> ids) => Answer(logger, request, Text(ids));

    private string Text(IReadOnlyList<int> ids)
    {
        var text = options.Tokenizer.Decode([.. ids.Take(CharsMax)]);
        return text.Length > CharsMax || ids.Count > CharsMax ? $"{text.AsSpan(0, Math.Min(text.Length, CharsMax))}…" : text;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Request} of {Caller} has the prompt {Text}")]
    private static partial void Prompt(ILogger logger, Guid request, string caller, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Request} was answered {Text}")]
    private static partial void Answer(ILogger logger, Guid request, string text);

    private sealed class Watched(ContentLog log, Guid id, IGeneration generation) : IGeneration
    {
        private readonly List<int> _ids = [];

        public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await foreach (var chunk in generation.Chunks(cancellation))
            {
                if (chunk.Token is { } token && _ids.Count <= CharsMax)
                {
                    _ids.Add(token);
                }

                yield return chunk;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await generation.DisposeAsync();
            log.Ended(id, _ids);
        }
    }
}
