using System.Globalization;
using System.Text.RegularExpressions;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>What the fields of a translated chat request are called in the request that was sent: errors name what the caller wrote.</summary>
/// <param name="sent">The request that was sent.</param>
/// <param name="turns">Its dialog.</param>
internal sealed partial class ResponseNames(RequestFields sent, IReadOnlyList<ChatTurn> turns)
{
    /// <summary>The same error with the caller's names.</summary>
    public ApiError Translated(ApiError error)
    {
        if (error.Param is not { } param)
        {
            return error;
        }

        var name = Translated(param);
        var message = error.Message.Replace(param, name, StringComparison.Ordinal)
            .Replace("'response_format'", $"'{Translated("response_format")}'", StringComparison.Ordinal)
            .Replace(ToolChoice.NamedForm, ToolTranslation.NamedForm, StringComparison.Ordinal);
        return new ApiError(error.Status, error.Type, message, name, error.Code) { RetryAfterSeconds = error.RetryAfterSeconds };
    }

    private string Translated(string param) => param switch
    {
        "messages" or "prompt" => "input",
        "max_completion_tokens" when sent.Find("max_output_tokens") is not null => "max_output_tokens",
        _ when param.StartsWith("response_format", StringComparison.Ordinal) && sent.Find("response_format") is null =>
            "text.format" + param["response_format".Length..].Replace(".json_schema", "", StringComparison.Ordinal),
        _ when param.StartsWith("tools[", StringComparison.Ordinal) => param.Replace("].function.", "].", StringComparison.Ordinal),
        _ when InMessage().Match(param) is { Success: true } found => OfTurn(Index(found, 1), found.Groups[2].Value),
        _ => param,
    };

    private string OfTurn(int index, string rest)
    {
        if (index >= turns.Count)
        {
            return "input";
        }

        var turn = turns[index];
        return InCall().Match(rest) is { Success: true } found && Index(found, 1) is var call && call < turn.Calls.Count
            ? turn.Calls[call].Origin + found.Groups[2].Value
            : turn.Origin + rest.Replace(".image_url.url", ".image_url", StringComparison.Ordinal)
                .Replace(".content", turn.ContentName, StringComparison.Ordinal);
    }

    private static int Index(Match found, int group) => int.Parse(found.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^messages\[(\d{1,8})\](.*)$")]
    private static partial Regex InMessage();

    [GeneratedRegex(@"^\.tool_calls\[(\d{1,8})\](?:\.function)?(.*)$")]
    private static partial Regex InCall();
}
