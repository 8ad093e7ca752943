using System.Buffers.Binary;
using System.Net;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;

namespace Llama4.Gateway.Tests.Pictures;

/// <summary>What a request's pictures may be: each limit has an error that names the picture it was met at.</summary>
public class PictureLimitsTests
{
    private static readonly string Picture = PictureRequest.DataUri(PictureServer.Png);

    /// <summary>The golden values of image_url.url, over HTTP: what is a picture is taken, what is none is refused by its name, and nothing else happens.</summary>
    [Fact]
    public async Task EveryGoldenUrl_IsTakenOrRefusedAsItAsks()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"), options => options with { Tiles = new TileSettings(112, 4) });
        var taken = 0;
        foreach (var line in File.ReadLines(Golden.Path("image", "bad", "urls.jsonl")))
        {
            var one = Json.Parse(line);
            var part = one.TryGetProperty("url", out var url) ? $$"""{"url":{{url.GetRawText()}}}""" : "{}";
            var body = $$$"""{"model":"scout-nano","messages":[{"role":"user","content":[{"type":"text","text":"?"},{"type":"image_url","image_url":{{{part}}}}]}]}""";

            using var response = await gateway.PostAsync(PictureRequest.Chat, body);

            var expect = one.At("expect").GetString();
            var text = await response.Content.ReadAsStringAsync();
            response.StatusCode.ShouldBeOneOf(expect switch
            {
                "accept" => [HttpStatusCode.OK],
                "reject" => [HttpStatusCode.BadRequest],
                _ => [HttpStatusCode.OK, HttpStatusCode.BadRequest],
            }, $"{line}: {text}");
            if (response.StatusCode == HttpStatusCode.BadRequest)
            {
                Json.Parse(text).At("error.param").GetString()!.ShouldStartWith("messages[0].content[1]", customMessage: line);
            }
            else
            {
                taken++;
            }
        }

        taken.ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task Model_OfTextOnly_NamesThePicture() => await IsRefusedAsync(
        options => options with { Tiles = null }, PictureRequest.Of(Picture), "messages[0].content[1]", "invalid_value", "This model takes text only.");

    [Fact]
    public async Task Pictures_PastTheMost_NameTheFirstTooMany() => await IsRefusedAsync(
        options => options, PictureRequest.Of([.. Enumerable.Repeat(Picture, 11)]), "messages[0].content[11]", "invalid_value", "A request may have 10 pictures, but has 11.");

    [Fact]
    public async Task Bytes_PastTheMost_NameThePicture() => await IsRefusedAsync(
        options => options with { Limits = new GatewayLimits { Picture = new ImageLimits { BytesMax = PictureServer.Png.Length } } },
        PictureRequest.Of(Picture, PictureRequest.DataUri([.. PictureServer.Png, 0])),
        "messages[0].content[2]",
        "invalid_value",
        $"messages[0].content[2]: expected at most {PictureServer.Png.Length} bytes in a data: URL, found more");

    /// <summary>7.5 GB of pixels that 45 bytes ask for.</summary>
    [Fact]
    public async Task Pixels_PastTheMost_AreReadFromTheHead() => await IsRefusedAsync(
        options => options,
        PictureRequest.Of(Picture, PictureRequest.DataUri(OfSize(50_000, 50_000))),
        "messages[0].content[2]",
        "invalid_value",
        "messages[0].content[2]: expected at most 89478485 pixels and 262144 on a side, found 50000x50000");

    /// <summary>A picture of 4 tiles and the global one is 87 tokens; its file lacks all pixels, so that decoding it would be another error.</summary>
    [Fact]
    public async Task Tokens_PastTheContext_AreCountedBeforeAnythingIsDecoded() => await IsRefusedAsync(
        options => options with { ContextTokensMax = 100 },
        PictureRequest.Of(PictureRequest.DataUri(OfSize(448, 112)), PictureRequest.DataUri(OfSize(448, 112))),
        "messages[0].content[2]",
        "context_length_exceeded",
        "messages[0].content[2]: the context holds 100 tokens, but the pictures up to this one have 174.");

    [Fact]
    public async Task Picture_ThatIsDamagedPastItsHead_IsNamedAmongOthers() => await IsRefusedAsync(
        options => options, PictureRequest.Of(Picture, PictureRequest.DataUri(PictureServer.Png[..^30]), Picture), "messages[0].content[2]", "invalid_value", null);

    private static async Task IsRefusedAsync(Func<GatewayOptions, GatewayOptions> change, string body, string param, string code, string? message)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), options => change(options with { Tiles = new TileSettings(112, 4) }));

        var error = await gateway.JsonAsync(PictureRequest.Chat, body, HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe(param);
        error.At("error.code").GetString().ShouldBe(code);
        error.At("error.message").GetString().ShouldBe(message ?? error.At("error.message").GetString());
    }

    /// <summary>The bundled picture with another size in its head, its check sum right.</summary>
    private static byte[] OfSize(int width, int height)
    {
        var file = PictureServer.Png.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc32(file.AsSpan(12, 17)));
        return file;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
            }
        }

        return ~crc;
    }
}
