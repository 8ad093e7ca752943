using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Requests.Fields;
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
        ApiFields.Refuse(fields, FieldPlaces.Text);
        CheckBestOf(fields, shared);
        var topLogprobs = fields.Int("logprobs", 0, TopLogprobsMax);
        var asked = fields.Find("prompt") ?? throw ApiError.Missing("prompt");
        var whole = ReadPrompts(asked, shared.Choices, bos: fields.Flag("add_special_tokens", absent: true));
        var prompts = whole.ConvertAll(prompt => PromptTruncation.Apply(prompt, shared, options.ContextTokensMax, options.CompletionTokensDefault));
        return new AnswerRequest(shared, prompts, "prompt", options.CompletionTokensDefault, topLogprobs, format.For(shared))
        {
            Openings = ReadEcho(fields, topLogprobs) ? [.. prompts.Select(prompt => Shown(prompt, shared))] : null,
            Constraint = AnswerConstraint.Of(fields, ToolFields.None, AnswerForm.Read(fields), options.ChatFormat.Dialect),
        };
    }

    private static bool ReadEcho(RequestFields fields, int? topLogprobs) => (fields.Flag("echo"), topLogprobs) switch
    {
        (true, not null) => throw ApiError.NotSupported("'echo' with 'logprobs' is not supported: logits of the prompt are not kept.", "echo"),
        var (echoes, _) => echoes,
    };

    /// <summary>A prompt as text; ids past the tokenizer's vocabulary have none.</summary>
    private string Shown(int[] prompt, GenerationFields shared) => options.Tokenizer.Decode(
        [.. prompt.Where(id => id < options.Tokenizer.VocabularySize)], skipSpecials: !shared.ShowsSpecials);

    private List<int[]> ReadPrompts(JsonElement prompt, int choices, bool bos)
    {
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [Encode(prompt, bos)];
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
            JsonValueKind.String => Encode(one, bos),
            JsonValueKind.Array when one.GetArrayLength() > 0 => ReadIds(one),
            _ => throw Unexpected($"an array with {(one.ValueKind == JsonValueKind.Array ? "an empty array" : RequestFields.Name(one))} in it"),
        })];
    }

    private int[] Encode(JsonElement prompt, bool withBos)
    {
        var text = RequestFields.Text("prompt", prompt);
        var bos = options.Tokenizer.BosId;
        var ids = options.Tokenizer.Encode(text, specials: true, bos: withBos && bos is not null);
        return ids.Length == 0
            ? throw ApiError.Invalid("'prompt' must have at least one token.", "prompt")
            : ids.Length > 1 && ids[0] == bos && ids[1] == bos ? ids[1..] : ids;
    }

    private int[] ReadIds(JsonElement ids) =>
        [.. ids.EnumerateArray().Select(id => RequestFields.Int("prompt", id, 0, options.VocabularySize - 1))];

    private static ApiError Unexpected(string found) =>
        ApiError.WrongType("prompt", "a string, an array of strings, an array of token ids or an array of such arrays, none empty", found);

    private static void CheckBestOf(RequestFields fields, GenerationFields shared)
    {
        if (fields.Int("best_of", 1, int.MaxValue) is { } bestOf && bestOf != shared.Choices)
        {
            throw ApiError.NotSupported($"'best_of' other than n ({shared.Choices}) is not supported.", "best_of");
        }
    }
}
