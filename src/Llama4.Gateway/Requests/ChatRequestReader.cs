using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Pictures;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>From the JSON of a chat request to what is to be generated: its fields checked, its pictures decoded, its dialog rendered to token ids.</summary>
/// <param name="format">How the answer is written.</param>
/// <param name="files">Gets its pictures.</param>
/// <param name="budget">Of the bytes that they hold meanwhile.</param>
internal sealed class ChatRequestReader(GatewayOptions options, ChatAnswerFormat format, PictureFiles files, BodyBudget budget)
{
    private const int TopLogprobsMax = 20;

    private readonly SemaphoreSlim _decodes = new(options.Limits.DecodesMax);

    /// <exception cref="ApiError">A field is missing, of the wrong kind, out of range, or asks for what cannot be done.</exception>
    public async ValueTask<AnswerRequest> ReadAsync(RequestFields fields, CancellationToken cancellation)
    {
        var shared = GenerationFields.Read(fields, options);
        RefuseWhatIsNotSupported(fields);
        var tools = ToolFields.Read(fields, options.Limits);
        var (prompt, images) = await RenderAsync(fields, tools, cancellation);
        return new AnswerRequest(shared, [prompt], "messages", TokensMaxDefault: null, ReadTopLogprobs(fields), format) { Tools = tools, Images = images };
    }

    private async ValueTask<(int[] Prompt, RequestImage[] Images)> RenderAsync(RequestFields fields, ToolFields tools, CancellationToken cancellation)
    {
        var messages = fields.Find("messages") ?? throw ApiError.Missing("messages");
        if (messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() == 0)
        {
            throw ApiError.Invalid("'messages' must have at least one message.", "messages");
        }

        try
        {
            var dialog = ChatMessageReader.Read(messages);
            using var share = budget.Open();
            var pictures = await DecodeAsync(dialog, await files.GetAsync(dialog, share, cancellation), cancellation);
            var prompt = options.ChatFormat.Render(
                new ChatDialog(pictures.Messages) { Tools = tools.OnOffer, ToolsInUserMessage = tools.ToolsInUserMessage });
            return (prompt, options.Tiles is null ? [] : pictures.Place(prompt, options.Tokenizer.Specials["<|patch|>"]));
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
        var top = fields.Int("top_logprobs", 0, TopLogprobsMax);
        if (fields.Flag("logprobs"))
        {
            return top ?? 0;
        }

        return top is null or 0 ? null : throw ApiError.Invalid("'top_logprobs' is only allowed when 'logprobs' is true.", "top_logprobs");
    }

    /// <summary>What would change the answer and cannot be done must not be passed over in silence.</summary>
    private static void RefuseWhatIsNotSupported(RequestFields fields)
    {
        if (fields.Find("functions") is { } functions && !(functions.ValueKind == JsonValueKind.Array && functions.GetArrayLength() == 0))
        {
            throw ApiError.NotSupported("'functions' is not supported; 'tools' took its place.", "functions");
        }

        if (fields.Find("function_call") is { } choice
            && !(choice.ValueKind == JsonValueKind.String && RequestFields.Text("function_call", choice) is "none" or "auto"))
        {
            throw ApiError.NotSupported("'function_call' is not supported, other than none and auto; 'tool_choice' took its place.", "function_call");
        }

        if (fields.Find("response_format") is { } form
            && !(form.ValueKind == JsonValueKind.Object && new RequestFields(form).Text("type") == "text"))
        {
            throw ApiError.NotSupported("'response_format' is not supported yet, other than {\"type\":\"text\"}.", "response_format");
        }

        if (fields.Find("modalities") is { } modalities
            && !(modalities.ValueKind == JsonValueKind.Array && modalities.EnumerateArray().All(kind => RequestFields.Text("modalities", kind) == "text")))
        {
            throw ApiError.NotSupported("'modalities' other than text are not supported.", "modalities");
        }
    }
}
