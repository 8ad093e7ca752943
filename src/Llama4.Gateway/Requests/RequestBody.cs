using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Llama4.Structured;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Requests;

/// <summary>Reads a request's JSON object: bounded in bytes and time, with one clear error for each thing that can be wrong.</summary>
internal static class RequestBody
{
    private const int FirstBufferBytes = 16 << 10;

    // What some editors and shells put in front of UTF-8; RFC 8259, section 8.1, lets a reader pass over it.
    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    /// <summary>The body as a JSON object; the caller disposes it.</summary>
    public static async Task<JsonBody> ReadAsync(HttpContext http, GatewayLimits limits, TimeProvider clock)
    {
        var request = http.Request;
        if (request.ContentType is { } type && !request.HasJsonContentType())
        {
            throw new ApiError(415, "invalid_request_error", $"The body must be application/json, but is {type}.", code: "unsupported_media_type");
        }

        // The limit is kept here and not by the server: past its own limit the server cuts the connection,
        // and a client that is still sending would see a reset instead of the answer.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } serverLimit)
        {
            serverLimit.MaxRequestBodySize = null;
        }

        var budget = http.RequestServices.GetService<BodyBudget>(); // the operators' door has none
        var bytesMax = budget?.BodyBytesMax ?? limits.BodyBytesMax;
        if (request.ContentLength > bytesMax)
        {
            throw ApiError.TooLarge(request.ContentLength.Value, bytesMax);
        }

        using var deadline = new CancellationTokenSource(limits.BodyReadLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, http.RequestAborted);
        var share = budget?.Open();
        try
        {
            return new JsonBody(await ReadBytesAsync(request, bytesMax, limits, share, deadline, either.Token), share);
        }
        catch (Exception error)
        {
            share?.Dispose();
            if (error is OperationCanceledException && deadline.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
            {
                var message = $"The body did not arrive within {limits.BodyReadLimit.TotalSeconds} s for each {limits.BodyBytesMax} bytes.";
                throw new ApiError(408, "invalid_request_error", message, code: "request_timeout");
            }

            // The client broke off, or its chunks are none: nothing that the gateway could have done better.
            if (error is BadHttpRequestException broken)
            {
                throw new ApiError(broken.StatusCode, "invalid_request_error", $"The body could not be read: {broken.Message}", code: "invalid_body");
            }

            throw;
        }
    }

    /// <summary>The buffer grows with what has come, not with what was announced: an announcement costs nothing.</summary>
    private static async Task<JsonDocument> ReadBytesAsync(
        HttpRequest request, int bytesMax, GatewayLimits limits, BodyBudget.Share? share, CancellationTokenSource deadline, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
        try
        {
            var (filled, taken, timed) = (0, limits.BodyBytesFree, limits.BodyBytesMax);
            int read;
            while ((read = await request.Body.ReadAsync(buffer.AsMemory(filled), cancellation)) > 0)
            {
                filled += read;
                if (filled > bytesMax)
                {
                    throw ApiError.TooLarge(filled, bytesMax);
                }

                if (filled > taken)
                {
                    share?.Take(filled - taken);
                    taken = filled;
                }

                if (filled >= timed)
                {
                    timed += limits.BodyBytesMax;
                    deadline.CancelAfter(limits.BodyReadLimit);
                }

                if (filled == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
                    buffer.AsSpan(0, filled).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return Parse(buffer.AsSpan(0, filled), limits.BodyBytesMax);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A body that is there as a JSON object; the caller disposes it.</summary>
    /// <param name="textBytesMax">Bytes of it that are not in strings of pictures.</param>
    public static JsonDocument Parse(ReadOnlySpan<byte> bytes, int textBytesMax)
    {
        bytes = bytes.StartsWith(ByteOrderMark) ? bytes[ByteOrderMark.Length..] : bytes;
        if (bytes.IsEmpty)
        {
            throw ApiError.Invalid("The body is empty; expected a JSON object.", null, "invalid_json");
        }

        if (!Utf8.IsValid(bytes))
        {
            throw ApiError.Invalid("The body is not UTF-8.", null, "invalid_json");
        }

        try
        {
            CheckNames(bytes);
            CheckTextBytes(bytes, textBytesMax);
            var reader = new Utf8JsonReader(bytes, JsonNesting.Reader);
            var document = JsonDocument.ParseValue(ref reader); // copies: the bytes are borrowed
            reader.Read(); // throws if something follows the value
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            var found = RequestFields.Name(document.RootElement);
            document.Dispose();
            throw ApiError.Invalid($"The body must be a JSON object, but is {found}.", null, "invalid_json");
        }
        catch (JsonException) when (JsonNesting.IsTooDeep(bytes))
        {
            throw ApiError.Invalid($"The body has more than {JsonNesting.DepthMax} objects and arrays in each other.", null, "nesting_too_deep");
        }
        catch (JsonException error)
        {
            throw ApiError.Invalid(
                $"The body is not valid JSON: line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of the line.", null, "invalid_json");
        }
    }

    /// <summary>
    /// Half of a surrogate pair can be written in JSON and is no text. Values are checked where they are read, but a name is compared
    /// with each name that is looked for: one that is no text would fail there, in a place that has nothing to do with it.
    /// </summary>
    private static void CheckNames(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("\\u"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(bytes, JsonNesting.Reader);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw ApiError.Invalid($"The body has a name that is no text, half of a surrogate pair, at byte {reader.TokenStartIndex + 1}.", null, "invalid_json");
            }
        }
    }

    /// <summary>Only pictures make a body larger than text may be: as JSON other values take many times their bytes.</summary>
    private static void CheckTextBytes(ReadOnlySpan<byte> bytes, int textBytesMax)
    {
        if (bytes.Length <= textBytesMax)
        {
            return;
        }

        var textBytes = bytes.Length;
        var reader = new Utf8JsonReader(bytes, JsonNesting.Reader);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.StartsWith("data:"u8))
            {
                textBytes -= reader.ValueSpan.Length;
            }
        }

        if (textBytes > textBytesMax)
        {
            throw ApiError.TooLarge(textBytes, textBytesMax, " beside its pictures");
        }
    }
}
