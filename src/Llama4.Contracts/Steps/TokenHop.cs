namespace Llama4.Contracts;

/// <summary>
/// One layer of the path that the row of a token took. Times are microseconds of the step that the row was in, seen from the host of the layer's attention; from what to what
/// each is: docs/decisions/live.md.
/// </summary>
/// <param name="Layer">0-based.</param>
/// <param name="Host">Of the layer's attention.</param>
/// <param name="AttentionUs">Attention, with the router's choice.</param>
/// <param name="FeedForwardUs">Of a dense layer; 0 on a layer with experts.</param>
/// <param name="Expert">What a layer with experts chose; null on a dense layer.</param>
[GenerateSerializer, Immutable, Alias("llama4.TokenHop")]
public sealed record TokenHop(
    [property: Id(0)] int Layer, [property: Id(1)] HostId Host, [property: Id(2)] long AttentionUs, [property: Id(3)] long FeedForwardUs, [property: Id(4)] ExpertHop? Expert)
{
    /// <summary>From attention to the end of the layer, of whatever kind: all rows of the step, and what they waited for.</summary>
    [Id(5)]
    public long LayerUs { get; init; }

    /// <summary>On the first layer of a stage that another host handed the step to: the time of that call beyond the work of this stage and those after it; 0 on others.</summary>
    [Id(6)]
    public long HandOverUs { get; init; }
}

/// <summary>The expert that a row was sent to.</summary>
/// <param name="Host">That ran it.</param>
/// <param name="WireUs">The call without the time of who answered it; 0 for the attention host's own experts, which nobody has to call.</param>
/// <param name="ExpertUs">On the expert's host.</param>
/// <param name="Best">The experts with the greatest router logits, best first: the first is the one that was chosen.</param>
[GenerateSerializer, Immutable, Alias("llama4.ExpertHop")]
public sealed record ExpertHop(
    [property: Id(0)] HostId Host, [property: Id(1)] long WireUs, [property: Id(2)] long ExpertUs, [property: Id(3)] ExpertChoice[] Best);

/// <summary>An expert as a row's router sees it.</summary>
/// <param name="Expert">As numbered in the layer.</param>
/// <param name="Score">The logit's sigmoid, in (0, 1): what the chosen expert's input is multiplied with.</param>
/// <param name="Probability">The softmax over all experts of the layer; the model does not use it.</param>
[GenerateSerializer, Immutable, Alias("llama4.ExpertChoice")]
public readonly record struct ExpertChoice([property: Id(0)] int Expert, [property: Id(1)] double Score, [property: Id(2)] double Probability);

/// <summary>Whose rows are in a question to experts, where some of them are those of sampled requests.</summary>
/// <param name="Parents">What the experts' spans are below, one for each row that is followed in full depth.</param>
/// <param name="Requests">The step in the trace of each sampled request with rows in it, at most <see cref="StepPlan.SpansMax"/>: what a batch that the rows are in links to.</param>
[GenerateSerializer, Immutable, Alias("llama4.QuestionSpans")]
public sealed record QuestionSpans([property: Id(0)] SpanParent[] Parents, [property: Id(1)] SpanParent[] Requests);

/// <summary>Rows that an expert group answers with, and how long it had the question. Who gets it disposes the rows.</summary>
/// <param name="Us">Microseconds from the question's arrival to its answer.</param>
[GenerateSerializer, Immutable, Alias("llama4.TimedRows")]
public sealed record TimedRows([property: Id(0)] Rows Rows, [property: Id(1)] long Us) : IDisposable
{
    /// <summary>Rows that were run together: the question's, and those of other questions that waited for the same experts.</summary>
    [Id(2)]
    public int Merged { get; init; }

    public void Dispose() => Rows?.Dispose(); // a damaged message may have none
}
