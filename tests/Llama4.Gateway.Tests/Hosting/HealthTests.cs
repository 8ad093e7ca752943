using System.Net;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;

namespace Llama4.Gateway.Tests.Hosting;

public class HealthTests
{
    [Fact]
    public async Task Ready_BeforeATokenWasGenerated_Is503WithRetryAfterAndThen200()
    {
        var probes = 0;
        var isUp = new TaskCompletionSource();
        var cluster = ScriptedClient.Silent();
        cluster.AdmitProbe = _ =>
        {
            probes++;
            return isUp.Task.IsCompleted ? SubmitResult.Accepted : new SubmitResult(SubmitStatus.Unavailable, "Loading weights.");
        };
        await using var gateway = await TestGateway.StartAsync(cluster, WithProbes(int.MaxValue));

        using (var early = await gateway.Http.GetAsync("/health/ready"))
        {
            early.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            early.Headers.RetryAfter.ShouldNotBeNull();
        }

        (await gateway.Http.GetAsync("/health/live")).StatusCode.ShouldBe(HttpStatusCode.OK);
        isUp.SetResult();
        await gateway.ReadyAsync();
        probes.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Ready_WhenNoTokenEverComes_StopsProbingAtItsBoundAndSaysWhy()
    {
        var probes = 0;
        var cluster = ScriptedClient.Silent();
        cluster.AdmitProbe = _ =>
        {
            probes++;
            return new SubmitResult(SubmitStatus.Unavailable, "Loading weights.");
        };
        await using var gateway = await TestGateway.StartAsync(cluster, WithProbes(3));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!gateway.Logs.Lines.Any(line => line.StartsWith("Not ready after 3 probes", StringComparison.Ordinal)))
            await Task.Delay(1, deadline.Token);
        using var response = await gateway.Http.GetAsync("/health/ready", deadline.Token);
        var body = await response.Content.ReadAsStringAsync(deadline.Token);

        Json.Parse(body).At("error.message").GetString().ShouldBe("Probe 3: Loading weights.");
        probes.ShouldBe(3);
    }

    [Fact]
    public async Task Requests_BeforeTheFirstToken_Are503WhereTheGatewayIsToldNotToTakeThem()
    {
        var isUp = new TaskCompletionSource();
        var cluster = ScriptedClient.Saying("here");
        cluster.AdmitProbe = _ => isUp.Task.IsCompleted ? SubmitResult.Accepted : new SubmitResult(SubmitStatus.Unavailable, "No plan yet.");
        await using var gateway = await TestGateway.StartAsync(cluster, options => WithProbes(int.MaxValue)(options) with { TakesBeforeReady = false });
        const string body = """{"model":"scout-nano","prompt":"a"}""";

        using (var early = await gateway.PostAsync("/v1/completions", body))
        {
            early.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            early.Headers.RetryAfter.ShouldNotBeNull();
        }

        cluster.HasNext.ShouldBeFalse();
        isUp.SetResult();
        await gateway.ReadyAsync();
        await gateway.JsonAsync("/v1/completions", body);
    }

    /// <summary>OpenAI's clients escape the name.</summary>
    [Theory]
    [InlineData("meta-llama/Llama-4-Scout")]
    [InlineData("meta-llama%2FLlama-4-Scout")]
    [InlineData("meta-llama%2fLlama-4-Scout")]
    public async Task Models_GivesEveryIdAndItsContext(string name)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), options => options with { ModelIds = ["scout-nano", "meta-llama/Llama-4-Scout"] });

        var list = Json.Parse(await gateway.Http.GetStringAsync("/v1/models"));
        var one = Json.Parse(await gateway.Http.GetStringAsync($"/v1/models/{name}"));

        list.At("data").EnumerateArray().Select(model => model.At("id").GetString()).ShouldBe(["scout-nano", "meta-llama/Llama-4-Scout"]);
        one.At("object").GetString().ShouldBe("model");
        one.At("max_model_len").GetInt32().ShouldBe(4096);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Models_TellWhatOneRequestMayHave(bool takesPictures)
    {
        var limits = new GatewayLimits();
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(), options => options with { Limits = limits, Tiles = takesPictures ? new TileSettings(tilePixels: 112, tilesMax: 4) : null });

        var told = Json.Parse(await gateway.Http.GetStringAsync("/v1/models")).At("data.0.limits");

        told.At("body_bytes").GetInt32().ShouldBe(limits.BodyBytesMax + (takesPictures ? limits.PictureBodyBytesMax : 0));
        told.At("text_bytes").GetInt32().ShouldBe(limits.BodyBytesMax);
        told.At("pictures").GetInt32().ShouldBe(takesPictures ? limits.PicturesMax : 0);
        told.At("picture_bytes").GetInt32().ShouldBe(limits.Picture.BytesMax);
    }

    [Fact]
    public async Task Root_ListsTheEndpoints()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        (await gateway.Http.GetStringAsync("/")).ShouldContain("/v1/chat/completions");
    }

    private static Func<GatewayOptions, GatewayOptions> WithProbes(int probesMax) =>
        options => options with { Limits = new GatewayLimits { ProbesMax = probesMax, ProbePause = TimeSpan.FromMilliseconds(1) } };
}
