using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Llama4.Server.Serving;

/// <summary>
/// An event of the log as one line of JSON: timestamp (UTC, RFC 3339), level, category, message, the message's named values as <c>fields</c>, an <c>exception</c>, and
/// trace_id and span_id (hex, as W3C has them) where there is a current activity.
/// </summary>
internal sealed class JsonLogLines() : ConsoleFormatter(FormatName)
{
    public const string FormatName = "llama4-json";

    /// <summary>The message as it was before values were put in, which the runtime adds to them.</summary>
    private const string Template = "{OriginalFormat}";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", DateTime.UtcNow);
            json.WriteString("level", NameOf(entry.LogLevel));
            json.WriteString("category", entry.Category);
            json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
            WriteFields(json, entry.State);
            if (entry.Exception is { } exception)
            {
                json.WriteString("exception", exception.ToString());
            }

            if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
            {
                json.WriteString("trace_id", activity.TraceId.ToHexString());
                json.WriteString("span_id", activity.SpanId.ToHexString());
            }

            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(line.WrittenSpan));
    }

    private static void WriteFields<TState>(Utf8JsonWriter json, TState state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> { Count: > 1 } fields)
        {
            return;
        }

        json.WriteStartObject("fields");
        foreach (var (name, value) in fields)
        {
            if (name == Template)
            {
                continue;
            }

            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool yes: json.WriteBooleanValue(yes); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case IFormattable text: json.WriteStringValue(text.ToString(null, System.Globalization.CultureInfo.InvariantCulture)); break;
            default: json.WriteStringValue(value.ToString()); break;
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
