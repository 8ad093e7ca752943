using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Tests.Pictures;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>Bodies with pictures: larger than text may be, and bounded together.</summary>
public class BodyBudgetTests
{
    private const string Small = """{"model":"scout-nano","messages":[{"role":"user","content":"x"}]}""";

    /// <summary>What follows a PNG's end is not looked at.</summary>
    private static string Picture(int bytes) => PictureRequest.DataUri([.. PictureServer.Png, .. new byte[bytes - PictureServer.Png.Length]]);

    [Fact]
    public async Task TenPhotographs_FitOneBody()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await StartAsync(cluster, new GatewayLimits());

        await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of([.. Enumerable.Repeat(Picture(4_800_000), 10)])); // 64,000,000 bytes of base64

        (await cluster.NextAsync()).Request.Images.Length.ShouldBe(10);
    }

    [Fact]
    public async Task Body_PastBothBounds_Gives413()
    {
        await using var gateway = await StartAsync(ScriptedClient.Silent(), new GatewayLimits { BodyBytesMax = 1000, PictureBodyBytesMax = 9000 });

        var error = await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(Picture(9000)), HttpStatusCode.RequestEntityTooLarge);

        error.At("error.message").GetString()!.ShouldStartWith("The body may have 10000 bytes, but has ");
    }

    /// <summary>Text, or JSON of other values, does not get what is there for pictures.</summary>
    [Fact]
    public async Task Body_WhoseTextPassesItsBound_Gives413()
    {
        await using var gateway = await StartAsync(ScriptedClient.Silent(), new GatewayLimits { BodyBytesMax = 1000, PictureBodyBytesMax = 9000 });

        var error = await gateway.JsonAsync(
            PictureRequest.Chat, $$"""{"model":"scout-nano","messages":[{"role":"user","content":"{{new string('x', 2000)}}"}]}""", HttpStatusCode.RequestEntityTooLarge);

        error.At("error.message").GetString().ShouldBe("The body may have 1000 bytes beside its pictures, but has 2064.");
    }

    [Fact]
    public async Task Body_WhereTheModelTakesTextOnly_HasTheBoundOfText()
    {
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(), options => options with { Limits = new GatewayLimits { BodyBytesMax = 1000, PictureBodyBytesMax = 9000 } });

        var error = await gateway.JsonAsync(PictureRequest.Chat, PictureRequest.Of(Picture(4000)), HttpStatusCode.RequestEntityTooLarge);

        error.At("error.message").GetString()!.ShouldStartWith("The body may have 1000 bytes, but has ");
    }

    /// <summary>Two bodies do not fit together: the second is told to come again while the first is read, words get through, and all is given back.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bodies_PastWhatAllMayHold_Give429UntilOthersAreRead(bool firstGoesAway)
    {
        await using var gateway = await StartAsync(ScriptedClient.Saying("x"), new GatewayLimits { BodyBytesTotalMax = 3_000_000, BodyBytesFree = 1000 });
        var large = PictureRequest.Of(Picture(1_500_000)); // 2,000,000 bytes of base64
        using var first = new HeldBody(large);
        using var gone = new CancellationTokenSource();
        var answer = first.PostAsync(gateway, gone.Token);
        await first.MostSent;
        await HoldAsync(gateway, first.SentBytes - 1000); // what was sent may be under way still, and a second body that is read sooner would be let in instead

        using var second = await gateway.PostAsync(PictureRequest.Chat, large);
        second.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        second.Headers.RetryAfter.ShouldNotBeNull();
        await gateway.JsonAsync(PictureRequest.Chat, Small);
        if (firstGoesAway)
        {
            await gone.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(answer);
        }
        else
        {
            first.SendRest();
            (await answer).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var third = await UntilAsync(gateway, large, HttpStatusCode.OK); // a client that went away is noticed a moment later
    }

    [Fact]
    public async Task Body_OfWhichARestNeverComes_Gives408()
    {
        await using var gateway = await StartAsync(
            ScriptedClient.Saying("x"), new GatewayLimits { BodyBytesMax = 100_000, PictureBodyBytesMax = 10_000_000, BodyReadLimit = TimeSpan.FromSeconds(2) });
        var body = Encoding.UTF8.GetBytes(PictureRequest.Of(Picture(1_500_000)));
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", gateway.Http.BaseAddress!.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {PictureRequest.Chat} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"));
        await client.GetStream().WriteAsync(body.AsMemory(0, body.Length / 2)); // the rest never comes

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        (await new StreamReader(client.GetStream()).ReadLineAsync(deadline.Token)).ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    private static Task<TestGateway> StartAsync(ScriptedClient cluster, GatewayLimits limits) =>
        TestGateway.StartAsync(cluster, options => options with { Tiles = new TileSettings(112, 4), Limits = limits });

    private static async Task HoldAsync(TestGateway gateway, long bytes)
    {
        var budget = gateway.App.Services.GetRequiredService<BodyBudget>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (budget.HeldBytes < bytes)
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    private static async Task<HttpResponseMessage> UntilAsync(TestGateway gateway, string body, HttpStatusCode status)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            var answer = await gateway.PostAsync(PictureRequest.Chat, body);
            if (answer.StatusCode == status)
            {
                return answer;
            }

            answer.Dispose();
        }
    }

    /// <summary>A body of which three quarters are sent, and the rest when it is asked for.</summary>
    private sealed class HeldBody : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly TaskCompletionSource _mostSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HeldBody(string json)
        {
            _bytes = Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new("application/json");
        }

        public Task MostSent => _mostSent.Task;

        /// <summary>Before the rest.</summary>
        public int SentBytes => _bytes.Length * 3 / 4;

        public void SendRest() => _rest.SetResult();

        public Task<HttpResponseMessage> PostAsync(TestGateway gateway, CancellationToken cancellation) =>
            gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, PictureRequest.Chat) { Content = this }, cancellation);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellation)
        {
            await stream.WriteAsync(_bytes.AsMemory(0, SentBytes), cancellation);
            await stream.FlushAsync(cancellation);
            _mostSent.SetResult();
            await _rest.Task.WaitAsync(cancellation);
            await stream.WriteAsync(_bytes.AsMemory(SentBytes), cancellation);
        }

        protected override bool TryComputeLength(out long length) => (length = _bytes.Length) > 0;
    }
}
