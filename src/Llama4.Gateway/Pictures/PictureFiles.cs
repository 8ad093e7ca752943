using Llama4.Gateway.Requests;
using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Pictures;

/// <summary>Gets the files of a dialog's pictures, from data: URIs or from hosts that may be asked, and holds their heads against the limits: nothing is decoded yet.</summary>
internal sealed class PictureFiles(GatewayOptions options, PictureFetch fetch)
{
    /// <summary>One file for each picture, in order.</summary>
    /// <param name="share">Takes the bytes of what is fetched.</param>
    /// <exception cref="ApiError">The model takes no pictures, there are too many or too large ones, or one is none; the error names it.</exception>
    public async Task<PictureFile[]> GetAsync(IReadOnlyList<ChatMessage> messages, BodyBudget.Share share, CancellationToken cancellation)
    {
        var parts = messages.SelectMany((message, i) => message.Content.Select((part, k) => (Part: part as ImagePart, Name: $"messages[{i}].content[{k}]")))
            .Where(one => one.Part is not null).ToArray();
        if (parts.Length == 0)
        {
            return [];
        }

        if (options.Tiles is not { } settings)
        {
            throw ApiError.Invalid("This model takes text only.", parts[0].Name);
        }

        if (parts.Length > options.Limits.PicturesMax)
        {
            throw ApiError.Invalid($"A request may have {options.Limits.PicturesMax} pictures, but has {parts.Length}.", parts[options.Limits.PicturesMax].Name);
        }

        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reads = Array.ConvertAll(parts, part => ReadAsync(part.Part!.Url, part.Name, settings, share, failed.Token));
        try
        {
            var files = new PictureFile[reads.Length];
            for (var i = 0; i < reads.Length; i++)
            {
                files[i] = await reads[i]; // the first that fails is the one that is told of
            }

            CheckTokens(files);
            return files;
        }
        finally
        {
            await failed.CancelAsync();
            await Task.WhenAll(reads).ContinueWith(_ => { }, TaskScheduler.Default); // none of them takes of the share after this
        }
    }

    private async Task<PictureFile> ReadAsync(string? url, string name, TileSettings settings, BodyBudget.Share share, CancellationToken cancellation)
    {
        var limits = options.Limits.Picture;
        try
        {
            var bytes = url is null ? throw new ImageFormatException("expected the picture's URL, found none")
                : DataUri.Is(url) ? DataUri.Read(url, limits)
                : await fetch.FetchAsync(url, share, cancellation);
            var head = ImageDecoder.ReadHead(bytes, limits);
            return new PictureFile(name, bytes, TileGrid.Of(head.Width, head.Height, settings));
        }
        catch (ImageFormatException error)
        {
            throw ApiError.Invalid(error.Of(name).Message, name);
        }
    }

    /// <summary>The prompt is counted once it is rendered; this is before anything is decoded for nothing.</summary>
    private void CheckTokens(PictureFile[] files)
    {
        var tokens = 0L;
        foreach (var file in files)
        {
            tokens += file.Grid.Layout().TokenCount;
            if (tokens >= options.ContextTokensMax)
            {
                throw ApiError.Invalid(
                    $"{file.Name}: the context holds {options.ContextTokensMax} tokens, but the pictures up to this one have {tokens}.", file.Name, "context_length_exceeded");
            }
        }
    }
}
