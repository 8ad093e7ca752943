using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>What a response repeats of its request. JSON is kept as the text that was sent.</summary>
internal sealed record ResponseSettings
{
    public required string? Instructions { get; init; }

    public required int? OutputTokensMax { get; init; }

    public required double Temperature { get; init; }

    public required double TopP { get; init; }

    public required bool ParallelCalls { get; init; }

    /// <summary>How many best log-probabilities each token has; null for none at all.</summary>
    public required int? TopLogprobs { get; init; }

    /// <summary>The array tools, as JSON.</summary>
    public required string Tools { get; init; }

    /// <summary>tool_choice, as JSON.</summary>
    public required string ToolChoice { get; init; }

    /// <summary>text.format, as JSON.</summary>
    public required string TextFormat { get; init; }

    /// <param name="request">What was made of the fields.</param>
    public static ResponseSettings Read(RequestFields fields, AnswerRequest request) => new()
    {
        Instructions = fields.Text("instructions"),
        OutputTokensMax = request.Fields.TokensMax,
        Temperature = request.Fields.Sampling.Temperature,
        TopP = request.Fields.Sampling.TopP,
        ParallelCalls = fields.Flag("parallel_tool_calls", absent: true),
        TopLogprobs = request.TopLogprobs,
        Tools = fields.Find("tools")?.GetRawText() ?? "[]",
        ToolChoice = fields.Find("tool_choice")?.GetRawText() ?? "\"auto\"",
        TextFormat = fields.Object("text") is { } text && new RequestFields(text).Find("format") is { } format
            ? format.GetRawText()
            : """{"type":"text"}""",
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("instructions", Instructions);
        WriteNumberOrNull(json, "max_output_tokens", OutputTokensMax);
        json.WriteNumber("temperature", Temperature);
        json.WriteNumber("top_p", TopP);
        json.WriteNumber("top_logprobs", TopLogprobs ?? 0);
        json.WriteBoolean("parallel_tool_calls", ParallelCalls);
        WriteRaw(json, "tools", Tools);
        WriteRaw(json, "tool_choice", ToolChoice);
        json.WriteStartObject("text");
        WriteRaw(json, "format", TextFormat);
        json.WriteString("verbosity", "medium");
        json.WriteEndObject();
        json.WriteStartObject("reasoning");
        json.WriteNull("effort");
        json.WriteNull("summary");
        json.WriteEndObject();
        json.WriteString("truncation", "disabled");
        json.WriteNull("previous_response_id");
        json.WriteBoolean("background", false);
        json.WriteBoolean("store", false); // whatever was asked for: nothing is stored
        json.WriteString("service_tier", "default");
        json.WriteStartObject("metadata");
        json.WriteEndObject();
    }

    private static void WriteRaw(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value, skipInputValidation: true);
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
