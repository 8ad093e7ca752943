using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Llama4.Gateway.Requests;
using Llama4.Images;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Pictures;

/// <summary>
/// Fetches pictures from the hosts an operator named: without cookies, credentials, proxy or compression, with a bound on each of redirects (checked as
/// the first address is), bytes, time and fetches at once. A caller is told what is wrong with the picture; how the network beyond looks stays in the log.
/// </summary>
internal sealed partial class PictureFetch : IDisposable
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Kilobytes of an answer's header.</summary>
    private const int HeaderKilobytes = 16;

    /// <summary>What stores say that know no types, beside what <see cref="ImageDecoder"/> reads. The content is what counts; a page of text is not even read.</summary>
    private static readonly string[] Types = ["image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "application/octet-stream", "binary/octet-stream"];

    private readonly GatewayOptions _options;
    private readonly ILogger<PictureFetch> _logger;
    private readonly HttpMessageInvoker _http;
    private readonly SemaphoreSlim _places;

    public PictureFetch(GatewayOptions options, ILogger<PictureFetch> logger)
    {
        (_options, _logger, _places) = (options, logger, new SemaphoreSlim(options.Limits.FetchesMax));
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false, // a proxy would resolve names anew, and ask where it likes
            PreAuthenticate = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = HeaderKilobytes,
            MaxResponseDrainSize = 0,
            MaxConnectionsPerServer = options.Limits.FetchesMax,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            ConnectTimeout = options.Limits.FetchLimit,
            ConnectCallback = options.PictureRoute.ConnectAsync,
        });
    }

    /// <summary>The file at an address.</summary>
    /// <param name="share">Takes its bytes as they come.</param>
    /// <exception cref="ImageFormatException">The address may not be asked, or gives no picture within the limits.</exception>
    /// <exception cref="ApiError">Requests hold too many bytes together, or too many pictures are being fetched.</exception>
    public async Task<byte[]> FetchAsync(string url, BodyBudget.Share share, CancellationToken cancellation)
    {
        var address = _options.ImageHosts.Check(url); // before anything is waited for
        if (!await _places.WaitAsync(_options.Limits.FetchWaitLimit, cancellation))
        {
            throw ApiError.Unavailable($"{_options.Limits.FetchesMax} pictures are being fetched, which is the most.", _options.Limits.RetryAfterSeconds);
        }

        using var deadline = new CancellationTokenSource(_options.Limits.FetchLimit, _options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await FollowAsync(address, share, either.Token);
        }
        catch (IOException error)
        {
            throw new ImageFormatException($"expected a picture from {address.IdnHost}, found it cut short", error);
        }
        catch (HttpRequestException error)
        {
            Failed(_logger, address.IdnHost, error.GetBaseException().Message);
            throw new ImageFormatException($"expected a picture from {address.IdnHost}, which could not be asked for it", error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new ImageFormatException($"expected a picture from {address.IdnHost} within {_options.Limits.FetchLimit.TotalSeconds} s, found it incomplete", error);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<byte[]> FollowAsync(Uri address, BodyBudget.Share share, CancellationToken cancellation)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd("image/png, image/jpeg, image/webp, image/gif");
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("llama4", null));
            using var response = await _http.SendAsync(request, cancellation);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
            {
                return await ReadAsync(address, response, share, cancellation);
            }

            if (redirects == _options.Limits.RedirectsMax)
            {
                throw new ImageFormatException($"expected a picture after at most {_options.Limits.RedirectsMax} redirects, found another");
            }

            address = Next(address, response.Headers.Location);
        }
    }

    private Uri Next(Uri address, Uri? location)
    {
        try
        {
            if (Uri.TryCreate(address, location, out var next) && (address.Scheme == Uri.UriSchemeHttp || next.Scheme == Uri.UriSchemeHttps))
            {
                return _options.ImageHosts.Check(next.AbsoluteUri);
            }
        }
        catch (ImageFormatException)
        {
            // Where it leads is that host's affair, and not the caller's to know.
        }

        throw new ImageFormatException($"expected a picture from {address.IdnHost}, found a redirect to where this server may not ask");
    }

    private async Task<byte[]> ReadAsync(Uri address, HttpResponseMessage response, BodyBudget.Share share, CancellationToken cancellation)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new ImageFormatException($"expected a picture from {address.IdnHost}, found status {(int)response.StatusCode}");
        }

        var headers = response.Content.Headers;
        if (headers.ContentType?.MediaType is { } type && !Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new ImageFormatException($"expected a PNG, JPEG, WebP or GIF from {address.IdnHost}, found another content type");
        }

        if (headers.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ImageFormatException($"expected a picture from {address.IdnHost} as it is, found it compressed once more");
        }

        var limits = _options.Limits.Picture;
        limits.CheckBytes(headers.ContentLength ?? 0);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        using var file = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                limits.CheckBytes(file.Length + read);
                share.Take(read);
                file.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return file.ToArray();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A picture's host, {Host}, could not be asked: {Reason}")]
    private static partial void Failed(ILogger logger, string host, string reason);
}
