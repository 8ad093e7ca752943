using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Answers;

/// <summary>The form in which an endpoint answers.</summary>
internal interface IAnswerOutput
{
    /// <summary>What ids of answers begin with.</summary>
    string IdPrefix { get; }

    /// <summary>The answer as events.</summary>
    IAnswerStream OpenStream(HttpContext http, AnswerHead head, TimeSpan stalledReaderLimit);

    /// <summary>The answer as one body.</summary>
    IWholeAnswer OpenWhole(AnswerHead head, int choices);
}

/// <summary>An answer as server-sent events, begun before the first piece and ended with a finish or an error.</summary>
internal interface IAnswerStream : IAnswerSink, IDisposable
{
    /// <summary>Sends the headers and what stands before the first piece. From here on an error can only be an event.</summary>
    void Start(IReadOnlyList<Choice> choices);

    /// <summary>What follows the last piece.</summary>
    void End(IReadOnlyList<Choice> choices);

    /// <summary>The last event of a stream that failed.</summary>
    void WriteError(ApiError error);
}

/// <summary>An answer as one body.</summary>
internal interface IWholeAnswer : IAnswerSink
{
    Task SendAsync(HttpResponse response, IReadOnlyList<Choice> choices, CancellationToken cancellation);
}

/// <summary>Chat and text completions.</summary>
internal sealed class CompletionOutput(AnswerRequest request) : IAnswerOutput
{
    public string IdPrefix => request.Format.IdPrefix;

    public IAnswerStream OpenStream(HttpContext http, AnswerHead head, TimeSpan stalledReaderLimit) =>
        new SseWriter(http, request.Format, head, request.TopLogprobs is not null, request.Fields.StreamUsage, stalledReaderLimit);

    public IWholeAnswer OpenWhole(AnswerHead head, int choices) => new WholeAnswer(request.Format, head, choices, request.TopLogprobs is not null, request.Fields.PromptLogprobs);
}
