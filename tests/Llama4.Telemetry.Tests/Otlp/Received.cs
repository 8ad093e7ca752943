using System.Globalization;
using Google.Protobuf;
using Llama4.Telemetry.Tests.Otlp.Wire;

namespace Llama4.Telemetry.Tests.Otlp;

/// <summary>A span as a collector has it. Ids are hexadecimal; times UTC.</summary>
/// <param name="Parent">Empty for a root.</param>
/// <param name="Links">Trace and span of each.</param>
public sealed record ReceivedSpan(
    string Trace, string Id, string Parent, string Name, string Source, int Kind, DateTime Start, DateTime End, IReadOnlyDictionary<string, object> Tags,
    IReadOnlyList<string> Events, IReadOnlyList<(string Trace, string Id)> Links, int Status, string State, IReadOnlyDictionary<string, object> Resource)
{
    public const int ServerKind = 2;
    public const int ErrorStatus = 2;

    public long Number(string tag) => (long)Tags[tag];

    public string Text(string tag) => (string)Tags[tag];

    internal static IEnumerable<ReceivedSpan> Of(TracesRequest request) =>
        from resource in request.ResourceSpans
        let attributes = Values.Of(resource.Resource.Attributes)
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select new ReceivedSpan(
            Values.Hex(span.TraceId), Values.Hex(span.SpanId), Values.Hex(span.ParentSpanId), span.Name, scope.Scope.Name, span.Kind,
            Values.Time(span.StartTimeUnixNano), Values.Time(span.EndTimeUnixNano), Values.Of(span.Attributes), [.. span.Events.Select(one => one.Name)],
            [.. span.Links.Select(link => (Values.Hex(link.TraceId), Values.Hex(link.SpanId)))], span.Status?.Code ?? 0, span.TraceState, attributes);
}

/// <summary>A log record as a collector has it.</summary>
public sealed record ReceivedLog(string Text, string Trace, string Span, IReadOnlyDictionary<string, object> Resource)
{
    internal static IEnumerable<ReceivedLog> Of(LogsRequest request) =>
        from resource in request.ResourceLogs
        from scope in resource.ScopeLogs
        from record in scope.LogRecords
        select new ReceivedLog(record.Body?.StringValue ?? "", Values.Hex(record.TraceId), Values.Hex(record.SpanId), Values.Of(resource.Resource.Attributes));
}

internal static class Values
{
    public static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    public static DateTime Time(ulong nanoseconds) => DateTime.UnixEpoch.AddTicks((long)(nanoseconds / 100));

    public static IReadOnlyDictionary<string, object> Of(IEnumerable<KeyValue> pairs) => pairs.ToDictionary(pair => pair.Key, pair => Of(pair.Value));

    private static object Of(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue,
        AnyValue.ValueOneofCase.ArrayValue => value.ArrayValue.Values.Select(one => Convert.ToString(Of(one), CultureInfo.InvariantCulture)!).ToArray(),
        _ => throw new InvalidOperationException($"an attribute with a {value.ValueCase}, which no test has use for"),
    };
}
