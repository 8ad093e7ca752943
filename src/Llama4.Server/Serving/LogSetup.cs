using Llama4.Gateway.Telemetry;
using Microsoft.Extensions.Logging.Console;

namespace Llama4.Server.Serving;

/// <summary>The forms that the log on stderr may have.</summary>
internal enum LogFormat
{
    /// <summary>For people: time, level, category and message in a line.</summary>
    Text,

    /// <summary>For machines: <see cref="JsonLogLines"/>.</summary>
    Json,
}

/// <summary>One line an event on stderr: every request, and what is wrong.</summary>
internal static class LogSetup
{
    /// <summary>Replaces whatever else the log would go to.</summary>
    public static Action<ILoggingBuilder> As(LogFormat format) => format == LogFormat.Json ? Json : Text;

    private static void Text(ILoggingBuilder logging) => Filtered(logging).AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss.fff ";
    });

    private static void Json(ILoggingBuilder logging) => Filtered(logging)
        .AddConsole(console => console.FormatterName = JsonLogLines.FormatName)
        .AddConsoleFormatter<JsonLogLines, ConsoleFormatterOptions>();

    private static ILoggingBuilder Filtered(ILoggingBuilder logging)
    {
        logging.ClearProviders()
            .AddLlama4Logs()
            .AddFilter("Orleans.Runtime.Silo", LogLevel.Error) // its advice to turn server GC on is for other loads than ours
            .AddFilter((category, level) => level >= (category?.StartsWith("Llama4.", StringComparison.Ordinal) == true ? LogLevel.Information : LogLevel.Warning))
            .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging;
    }
}
