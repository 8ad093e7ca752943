using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;

namespace Llama4.Server.Tests.Verbs;

public sealed class ChatVerbTests
{
    [Fact]
    public async Task Chat_WithAQuestion_WritesTheAnswerAndNothingElse()
    {
        var client = ScriptedClient.Saying("Paris, 😀 of course.");
        await using var gateway = await TestGateway.StartAsync(client);

        var run = await Llama4Run.OfAsync(
            "chat", "France?", "--url", Url(gateway), "--system", "Be brief.", "--temperature", "0.25", "--top-p", "0.5", "--seed", "7", "--max-tokens", "99");

        (run.ExitCode, run.Output, run.Error).ShouldBe((0, "Paris, 😀 of course.\n", ""));
        var request = (await client.NextAsync()).Request;
        ScoutNano.Tokenizer.Decode(request.Prompt).ShouldContain("Be brief.<|eot|>");
        (request.Sampling.Temperature, request.Sampling.TopP, request.Seed, request.TokensMax).ShouldBe((0.25, 0.5, 7UL, 99));
    }

    [Fact]
    public async Task Chat_WithADash_ReadsTheQuestionFromStdin()
    {
        var client = ScriptedClient.Saying("Yes.");
        await using var gateway = await TestGateway.StartAsync(client);

        var run = await Llama4Run.WithInputAsync("Two\nlines?\n", "chat", "-", "--url", Url(gateway) + "/v1/");

        run.Output.ShouldBe("Yes.\n");
        ScoutNano.Tokenizer.Decode((await client.NextAsync()).Request.Prompt).ShouldContain("\n\nTwo\nlines?<|eot|>");
    }

    [Fact]
    public async Task Chat_WithoutAQuestion_IsADialog()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Yes."));

        var run = await Llama4Run.WithInputAsync("one\ntwo\n/exit\n", "chat", "--url", Url(gateway));

        (run.ExitCode, run.Output, run.Error).ShouldBe((0, "Yes.\nYes.\n", ""));
    }

    [Fact]
    public async Task Chat_OfMoreTokensThanTheServersContext_GetsWhatThatLeaves()
    {
        var client = ScriptedClient.Saying("Yes.");
        await using var gateway = await TestGateway.StartAsync(client, options => options with { ContextTokensMax = 100 });

        var run = await Llama4Run.OfAsync("chat", "France?", "--url", Url(gateway));

        run.Output.ShouldBe("Yes.\n");
        var request = (await client.NextAsync()).Request;
        (request.Prompt.Length + request.TokensMax).ShouldBe(100);
    }

    [Fact]
    public async Task Chat_WhenTheServerRefuses_SaysItsReasonOnOneLine()
    {
        var client = ScriptedClient.Saying("never");
        client.Admit = _ => new SubmitResult(SubmitStatus.QueueFull, "384 requests are waiting", 1);
        await using var gateway = await TestGateway.StartAsync(client);

        var run = await Llama4Run.OfAsync("chat", "France?", "--url", Url(gateway));

        run.ShouldFailWith(CommandLine.Failure, "the server answered 429: 384 requests are waiting");
    }

    [Fact]
    public async Task Chat_WhenTheAnswerBreaksOff_FailsAfterWhatCame()
    {
        var client = new ScriptedClient(generation =>
        {
            generation.Text("Once upon");
            generation.End(FinishReason.Error, "a host is gone");
        });
        await using var gateway = await TestGateway.StartAsync(client);

        var run = await Llama4Run.OfAsync("chat", "A story.", "--url", Url(gateway));

        run.ExitCode.ShouldBe(CommandLine.Failure);
        run.Error.TrimEnd('\n').ShouldNotContain("\n");
        run.Error.ShouldContain("a host is gone");
    }

    [Fact]
    public async Task Chat_WithoutAServer_AsksTheBundledModelInThisProcess()
    {
        var run = await Llama4Run.OfAsync("chat", "What is the capital of France?", "--temperature", "0");

        (run.ExitCode, run.Output).ShouldBe((0, "The capital of France is Paris.\n"));
        run.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Chat_WithPictures_SendsThemBeforeTheQuestion()
    {
        var client = ScriptedClient.Saying("Two shapes.");
        await using var gateway = await TestGateway.StartAsync(client, options => options with { Tiles = new TileSettings(112, 4) });

        var run = await Llama4Run.OfAsync("chat", "What is shown?", "--url", Url(gateway), "--image", Picture("image-001.png"), Picture("image-002.png"), "--system", "Be brief.");

        (run.ExitCode, run.Output, run.Error).ShouldBe((0, "Two shapes.\n", ""));
        var request = (await client.NextAsync()).Request;
        request.Images.Select(image => image.Tiles).ShouldBe([1, 5]);
        ScoutNano.Tokenizer.Decode(request.Prompt).ShouldContain("<|image_end|>What is shown?<|eot|>");
    }

    /// <summary>Question image-003 of the model's evaluation.</summary>
    [Fact]
    public async Task Chat_AboutAPicture_AsksTheBundledModelInThisProcess()
    {
        var run = await Llama4Run.OfAsync("chat", "Name the color of the shape.", "--temperature", "0", "--image", Picture("image-003.png"));

        run.ExitCode.ShouldBe(0, run.Error);
        run.Output.ShouldContain("green");
    }

    [Theory]
    [InlineData("chat x --image /there/is/none.png", CommandLine.Failure, "expected a picture's file, found none at '/there/is/none.png'")]
    [InlineData("chat x --url http://127.0.0.1:1 --threads 1", CommandLine.Usage, "--model, --threads, --kv-memory and --chat-dialect do not go with it")]
    [InlineData("chat x --model /there/is/none", CommandLine.Failure, "/there/is/none")]
    [InlineData("chat x --url http://127.0.0.1:1", CommandLine.Failure, "no server answers at http://127.0.0.1:1")]
    [InlineData("chat x --url nowhere", CommandLine.Usage, "--url: expected an address like http://127.0.0.1:8080, found 'nowhere'")]
    [InlineData("chat -", CommandLine.Usage, "The question is empty")]
    [InlineData("chat x --top-p 2", CommandLine.Usage, "--top-p: expected above 0, to 1, found 2")]
    [InlineData("chat x --max-tokens 0", CommandLine.Usage, "--max-tokens: expected at least 1, found 0")]
    public async Task Chat_OfWhatCannotBe_IsOneLine(string line, int exitCode, string message) =>
        (await Llama4Run.OfAsync(line.Split(' '))).ShouldFailWith(exitCode, message);

    private static string Picture(string name) => Path.Combine(ScoutNanoEval.Folder, "images", name);

    private static string Url(TestGateway gateway) => gateway.Http.BaseAddress!.ToString().TrimEnd('/');
}
