using System.Net;
using Llama4.Gateway.Pictures;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Tests.Pictures;

/// <summary>Pictures by address, from a server on this machine: what is fetched, and that everything else ends in one error that names the picture.</summary>
public class PictureFetchTests
{
    [Theory]
    [InlineData("/a.png", "pictures.test/a.png")]
    [InlineData("/redirect?to=/b.png", "pictures.test/redirect pictures.test/b.png")]
    [InlineData("/redirect?to=http://other.test:PORT/c.png", "pictures.test/redirect other.test/c.png")]
    [InlineData("/untyped", "pictures.test/untyped")]
    public async Task Picture_AtANamedHost_IsAsIfItHadBeenSent(string path, string asked)
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        var cluster = ScriptedClient.Saying("A circle.");
        await using var gateway = await TestGateway.StartAsync(cluster, server.MayBeAsked);

        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(PictureRequest.DataUri(PictureServer.Png)));
        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url(path.Replace("PORT", $"{server.Port}"))));

        var (sent, fetched) = ((await cluster.NextAsync()).Request, (await cluster.NextAsync()).Request);
        fetched.Prompt.ShouldBe(sent.Prompt);
        fetched.Images.ShouldHaveSingleItem().Levels.ShouldBe(sent.Images[0].Levels);
        string.Join(' ', server.Asked).ShouldBe(asked);
        server.Headers.Distinct().ShouldBeSubsetOf(["Accept", "Host", "User-Agent"]);
    }

    [Theory]
    [InlineData("/missing", "found status 404")]
    [InlineData("/page", "found another content type")]
    [InlineData("/zipped", "compressed once more")]
    [InlineData("/announced", "expected at most 100000 bytes, found 200000")]
    [InlineData("/endless", "expected at most 100000 bytes, found ")]
    [InlineData("/cut", "expected a picture from pictures.test, ")]
    [InlineData("/words", "expected a PNG, JPEG, WebP or GIF file, found 5 bytes")]
    [InlineData("/nothing", "expected a PNG, JPEG, WebP or GIF file, found no bytes")]
    [InlineData("/silent", "within 2 s, found it incomplete")]
    [InlineData("/drip", "within 2 s, found it incomplete")]
    [InlineData("/redirect", "found a redirect to where this server may not ask")]
    [InlineData("/redirect?to=/loop", "after at most 3 redirects, found another")]
    [InlineData("/redirect?to=http://elsewhere.test/a.png", "found a redirect to where this server may not ask")]
    [InlineData("/redirect?to=http://127.0.0.1:PORT/a.png", "found a redirect to where this server may not ask")]
    [InlineData("/redirect?to=file:///etc/passwd", "found a redirect to where this server may not ask")]
    [InlineData("/redirect?to=http://inside.test:PORT/a.png", "which could not be asked for it")]
    public async Task Picture_ThatCannotBeHad_IsRefusedByItsName(string path, string why)
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(),
            options => server.MayBeAsked(options) with { Limits = new GatewayLimits { FetchLimit = TimeSpan.FromSeconds(path is "/silent" or "/drip" ? 2 : 60), Picture = new ImageLimits { BytesMax = 100_000 } } });

        var error = await gateway.JsonAsync(
            PictureRequest.Chat, PictureRequest.Of(PictureRequest.DataUri(PictureServer.Png), server.Url(path.Replace("PORT", $"{server.Port}"))), HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe("messages[0].content[2]");
        var message = error.At("error.message").GetString()!;
        message.ShouldStartWith("messages[0].content[2]: ");
        message.ShouldContain(why);
        (message.Contains("10.0.0.1") || message.Contains("elsewhere") || message.Contains("inside")).ShouldBeFalse("what lies behind the host is not the caller's to know");
    }

    [Fact]
    public async Task Host_ThatIsNotNamed_IsNeitherResolvedNorAsked()
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), server.MayBeAsked);

        foreach (var url in (string[])[server.Url("/a.png", "elsewhere.test"), server.Url("/a.png", "127.0.0.1"), "http://pictures.test/a.png", $"ftp://pictures.test:{server.Port}/a.png"])
        {
            var error = await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(url), HttpStatusCode.BadRequest);
            error.At("error.param").GetString().ShouldBe("messages[0].content[1]");
        }

        server.Resolved.ShouldBeEmpty();
        server.Asked.ShouldBeEmpty();
    }

    /// <summary>As it is outside of tests: the host is named, but its name leads to this machine or into its network.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    public async Task NamedHost_WhoseAddressIsNotPublic_IsNotAsked(string address)
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), options => server.MayBeAsked(options) with
        {
            PictureRoute = PictureRoute.Public with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]) },
        });

        var error = await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png")), HttpStatusCode.BadRequest);

        error.At("error.message").GetString().ShouldBe("messages[0].content[1]: expected a picture from pictures.test, which could not be asked for it");
        gateway.Logs.Lines.ShouldContain(line => line.Contains($"pictures.test, could not be asked: no address of it may be connected to: {address}"));
        server.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task AddressOfThisMachine_NamedByTheOperator_IsNotAskedEither()
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), options => options with
        {
            Tiles = new TileSettings(112, 4),
            ImageHosts = new ImageHosts([$"127.0.0.1:{server.Port}"]),
        });

        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png", "127.0.0.1")), HttpStatusCode.BadRequest);

        server.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Fetches_PastTheMostAtOnce_WaitAndAreToldToComeAgain()
    {
        var (asked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = await PictureServer.StartAsync(async http =>
        {
            asked.TrySetResult();
            await goOn.Task;
            await PictureServer.SendAsync(http, PictureServer.Png);
        });
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"), options => server.MayBeAsked(options) with
        {
            Limits = new GatewayLimits { FetchesMax = 1, FetchLimit = TimeSpan.FromMinutes(5), FetchWaitLimit = TimeSpan.FromMilliseconds(100) },
        });
        var first = gateway.PostAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png")));
        await asked.Task;

        using var second = await gateway.PostAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/b.png")));
        goOn.SetResult();

        second.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        second.Headers.RetryAfter.ShouldNotBeNull();
        server.Asked.ShouldHaveSingleItem();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/b.png")));
    }

    [Fact]
    public async Task FetchedBytes_PastWhatAllRequestsMayHold_AreToldToComeAgain()
    {
        await using var server = await PictureServer.StartAsync(AnswerAsync);
        var total = PictureServer.Png.Length * 3 / 2;
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Saying("x"), options => server.MayBeAsked(options) with { Limits = new GatewayLimits { BodyBytesTotalMax = total } });

        for (var i = 0; i < 3; i++)
        {
            await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png"))); // each gives back what it took
        }

        using var refused = await gateway.PostAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png"), server.Url("/b.png")));

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(server.Url("/a.png")));
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        var response = http.Response;
        switch (http.Request.Path.Value)
        {
            case "/missing":
                response.StatusCode = 404;
                break;
            case "/page":
                await PictureServer.SendAsync(http, PictureServer.Png, "text/html");
                break;
            case "/zipped":
                response.Headers.ContentEncoding = "gzip";
                await PictureServer.SendAsync(http, PictureServer.Png);
                break;
            case "/announced":
                await PictureServer.SendAsync(http, new byte[200_000]);
                break;
            case "/endless":
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await response.Body.WriteAsync(new byte[10_000], http.RequestAborted);
                }

                break;
            case "/cut":
                response.ContentLength = 1000;
                await response.Body.WriteAsync(PictureServer.Png.AsMemory(0, 100));
                await response.Body.FlushAsync();
                http.Abort();
                break;
            case "/words":
                await PictureServer.SendAsync(http, "hello"u8.ToArray());
                break;
            case "/nothing":
                response.StatusCode = 200;
                break;
            case "/silent":
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { });
                break;
            case "/drip":
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await response.Body.WriteAsync(new byte[1], http.RequestAborted);
                    await response.Body.FlushAsync(http.RequestAborted);
                    await Task.Delay(50);
                }

                break;
            case "/redirect":
                response.StatusCode = 302;
                if (http.Request.Query["to"].SingleOrDefault() is { } to)
                {
                    response.Headers.Location = to;
                }

                break;
            case "/loop":
                response.Redirect("/loop");
                break;
            case "/untyped":
                await PictureServer.SendAsync(http, PictureServer.Png, null);
                break;
            default:
                await PictureServer.SendAsync(http, PictureServer.Png);
                break;
        }
    }
}
