using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Pictures;
using Llama4.Gateway.Requests.Fields;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>From the JSON of a chat request to what is to be generated: its fields checked, its pictures decoded, its dialog rendered to token ids.</summary>
/// <param name="format">How the answer is written.</param>
/// <param name="files">Gets its pictures.</param>
/// <param name="budget">Of the bytes that they hold meanwhile.</param>
internal sealed class ChatRequestReader(GatewayOptions options, ChatAnswerFormat format, PictureFiles files, BodyBudget budget)
{
    private readonly SemaphoreSlim _decodes = new(options.Limits.DecodesMax);

    /// <exception cref="ApiError">A field is missing, of the wrong kind, out of range, or asks for what cannot be done.</exception>
    public async ValueTask<AnswerRequest> ReadAsync(RequestFields fields, CancellationToken cancellation)
    {
        var shared = GenerationFields.Read(fields, options);
        ApiFields.Refuse(fields, FieldPlaces.Chat);
        var tools = ToolFields.Read(fields, options.Limits);
        var constraint = AnswerConstraint.Of(fields, tools, AnswerForm.Read(fields), options.ChatFormat.Dialect);
        var (whole, images, opening) = await RenderAsync(fields, tools, cancellation);
        PromptTruncation.CheckPictures(shared, images);
        var prompt = PromptTruncation.Apply(whole, shared, options.ContextTokensMax, answerTokensDefault: null);
        return new AnswerRequest(shared, [prompt], "messages", TokensMaxDefault: null, ReadTopLogprobs(fields), format.For(shared))
        {
            Tools = tools,
            Images = images,
            Openings = [new Opening(opening)],
            Constraint = constraint,
            PromptText = fields.Flag("return_prompt_text") ? options.Tokenizer.Decode(prompt, skipSpecials: false) : null,
        };
    }

    /// <summary>The prompt of a request's dialog, its pictures, and what the answer begins with.</summary>
    /// <exception cref="ApiError">A field of the dialog is missing or wrong.</exception>
    public async ValueTask<(int[] Prompt, RequestImage[] Images, string Opening)> RenderAsync(
        RequestFields fields, ToolFields tools, CancellationToken cancellation)
    {
        var ending = PromptEnding.Read(fields);
        _ = fields.Object("chat_template_kwargs");
        var messages = fields.Find("messages") ?? throw ApiError.Missing("messages");
        if (messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() == 0)
        {
            throw ApiError.Invalid("'messages' must have at least one message.", "messages");
        }

        try
        {
            var dialog = ChatMessageReader.Read(messages);
            ending.Check(dialog);
            using var share = budget.Open();
            var pictures = await DecodeAsync(dialog, await files.GetAsync(dialog, share, cancellation), cancellation);
            var prompt = options.ChatFormat.Render(
                new ChatDialog(pictures.Messages)
                {
                    Tools = tools.OnOffer,
                    ToolsInUserMessage = tools.ToolsInUserMessage,
                    AddsGenerationPrompt = ending.AddsGenerationPrompt,
                });
            return (
                ending.Open(prompt, options.Tokenizer.Specials),
                options.Tiles is null ? [] : pictures.Place(prompt, options.Tokenizer.Specials["<|patch|>"]),
                ending.Opening(dialog));
        }
        catch (ChatRequestException error)
        {
            throw ApiError.Invalid(error.Message, error.Param);
        }
    }

    private async ValueTask<DialogPictures> DecodeAsync(IReadOnlyList<ChatMessage> dialog, PictureFile[] pictures, CancellationToken cancellation)
    {
        if (pictures.Length > 0 && !await _decodes.WaitAsync(options.Limits.DecodeWaitLimit, cancellation))
        {
            throw ApiError.Unavailable("Others' pictures are being decoded.", options.Limits.RetryAfterSeconds);
        }

        try
        {
            return new DialogPictures(dialog, Array.ConvertAll(pictures, picture => picture.Decode(options.Limits.Picture)));
        }
        finally
        {
            if (pictures.Length > 0)
            {
                _decodes.Release();
            }
        }
    }

    private static int? ReadTopLogprobs(RequestFields fields)
    {
        var top = fields.Int("top_logprobs", 0, GenerationFields.LogprobsMax);
        if (fields.Flag("logprobs"))
        {
            return top ?? 0;
        }

        return top is null or 0 ? GenerationFields.ReadProbs(fields) : throw ApiError.Invalid("'top_logprobs' is only allowed when 'logprobs' is true.", "top_logprobs");
    }
}
