using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway;

/// <summary>
/// POST /v1/completions: continues text or token ids as they are. In text, special names become their ids, so that a prompt can be written
/// in any chat layout; begin_of_text comes in front unless the text has it. Ids are taken as given.
/// </summary>
internal sealed class CompletionsEndpoint(GatewayOptions options, TextAnswerFormat format, AnswerRunner runner)
{
    private const int TopLogprobsMax = 20;

    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        AnswerRequest request;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            request = Read(new RequestFields(body.RootElement));
        }

        await runner.RunAsync(http, log, request);
    }

    private AnswerRequest Read(RequestFields fields)
    {
        var shared = GenerationFields.Read(fields, options);
        RefuseWhatIsNotSupported(fields, shared);
        var topLogprobs = fields.Int("logprobs", 0, TopLogprobsMax);
        var prompts = ReadPrompts(fields.Find("prompt") ?? throw ApiError.Missing("prompt"), shared.Choices);
        return new AnswerRequest(shared, prompts, "prompt", options.CompletionTokensDefault, topLogprobs, format)
        {
            Constraint = AnswerConstraint.Of(fields, ToolFields.None, AnswerForm.Read(fields), options.ChatFormat.Dialect),
        };
    }

    private List<int[]> ReadPrompts(JsonElement prompt, int choices)
    {
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [Encode(prompt)];
        }

        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
        {
            throw Unexpected(prompt.ValueKind == JsonValueKind.Array ? "an empty array" : RequestFields.Name(prompt));
        }

        if (prompt[0].ValueKind == JsonValueKind.Number)
        {
            return [ReadIds(prompt)];
        }

        if ((long)prompt.GetArrayLength() * choices > options.Limits.ChoicesMax)
        {
            throw ApiError.Invalid(
                $"A request may have {options.Limits.ChoicesMax} answers, but {prompt.GetArrayLength()} prompts with n = {choices} have more.", "prompt");
        }

        return [.. prompt.EnumerateArray().Select(one => one.ValueKind switch
        {
            JsonValueKind.String => Encode(one),
            JsonValueKind.Array when one.GetArrayLength() > 0 => ReadIds(one),
            _ => throw Unexpected($"an array with {(one.ValueKind == JsonValueKind.Array ? "an empty array" : RequestFields.Name(one))} in it"),
        })];
    }

    private int[] Encode(JsonElement prompt)
    {
        var text = RequestFields.Text("prompt", prompt);
        var bos = options.Tokenizer.BosId;
        var ids = options.Tokenizer.Encode(text, specials: true, bos: bos is not null);
        return ids.Length == 0
            ? throw ApiError.Invalid("'prompt' must have at least one token.", "prompt")
            : ids.Length > 1 && ids[0] == bos && ids[1] == bos ? ids[1..] : ids;
    }

    private int[] ReadIds(JsonElement ids) =>
        [.. ids.EnumerateArray().Select(id => RequestFields.Int("prompt", id, 0, options.VocabularySize - 1))];

    private static ApiError Unexpected(string found) =>
        ApiError.WrongType("prompt", "a string, an array of strings, an array of token ids or an array of such arrays, none empty", found);

    /// <summary>What would change the answer and cannot be done must not be passed over in silence.</summary>
    private static void RefuseWhatIsNotSupported(RequestFields fields, GenerationFields shared)
    {
        if (fields.Flag("echo"))
        {
            throw ApiError.NotSupported("'echo' is not supported.", "echo");
        }

        if (fields.Text("suffix") is { Length: > 0 })
        {
            throw ApiError.NotSupported("'suffix' is not supported.", "suffix");
        }

        if (fields.Int("best_of", 1, int.MaxValue) is { } bestOf && bestOf != shared.Choices)
        {
            throw ApiError.NotSupported($"'best_of' other than n ({shared.Choices}) is not supported.", "best_of");
        }
    }
}
