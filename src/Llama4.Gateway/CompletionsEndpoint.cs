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
        var topLogprobs = fields.Int("logprobs", 0, GenerationFields.LogprobsMax) ?? GenerationFields.ReadProbs(fields);
        int? tokensMaxDefault = shared.FillsContext ? null : options.CompletionTokensDefault;
        var asked = fields.Find("prompt") ?? throw ApiError.Missing("prompt");
        var written = TextPrompts.Read(asked, shared.Choices, options, bos: fields.Flag("add_special_tokens", absent: true));
        var prompts = written.ConvertAll(one => PromptTruncation.Apply(one.Ids, shared, options.ContextTokensMax, tokensMaxDefault));
        return new AnswerRequest(shared, prompts, "prompt", tokensMaxDefault, topLogprobs, format.For(shared))
        {
            Openings = shared.Echoes
                ? [.. prompts.Zip(written, (kept, one) => EchoedPrompt.Of(kept, one, shared.ShowsSpecials, withTokens: topLogprobs is not null, options.Tokenizer))]
                : null,
            Constraint = AnswerConstraint.Of(fields, ToolFields.None, AnswerForm.Read(fields), options.ChatFormat.Dialect),
        };
    }
}
