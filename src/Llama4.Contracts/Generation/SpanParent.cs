using System.Diagnostics;

namespace Llama4.Contracts;

/// <summary>
/// A recorded span that spans of other hosts are below, or link to, in W3C's form (https://www.w3.org/TR/trace-context/). Only those of sampled requests travel: what carries none
/// is recorded nowhere.
/// </summary>
/// <param name="Id">The traceparent: 00-(trace)-(span)-01.</param>
/// <param name="State">The tracestate, as the client sent it; null for none.</param>
[GenerateSerializer, Immutable, Alias("llama4.SpanParent")]
public sealed record SpanParent([property: Id(0)] string Id, [property: Id(1)] string? State)
{
    /// <summary>The least that W3C asks all to pass on; a longer one is left out.</summary>
    public const int StateCharsMax = 512;

    /// <summary>Null where there is no span, or nobody records it.</summary>
    public static SpanParent? Of(Activity? span) => span is { Recorded: true, IdFormat: ActivityIdFormat.W3C }
        ? new SpanParent(span.Id!, span.TraceStateString is { Length: <= StateCharsMax } state ? state : null)
        : null;

    /// <summary>False where what another process sent is no context.</summary>
    public bool TryRead(out ActivityContext context) => ActivityContext.TryParse(Id, State is { Length: <= StateCharsMax } ? State : null, isRemote: true, out context);
}
