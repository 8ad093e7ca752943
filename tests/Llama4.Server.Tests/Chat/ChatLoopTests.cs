using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Chat;
using Llama4.Server.Output;
using Llama4.Server.Serving;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Tests.Chat;

public sealed class ChatLoopTests
{
    private static readonly ServedModel Model = ServedModel.Load(BundledModel.Directory);
    private static readonly AnswerSettings Settings = new(64, null, null, 1);

    private readonly WatchedWriter _output = new();
    private readonly WatchedWriter _error = new();
    private readonly List<string> _prompts = [];
    private readonly List<RequestImage[]> _images = [];

    [Fact]
    public async Task Chat_OfSeveralTurns_GivesTheModelTheWholeDialog()
    {
        await RunAsync(Saying("Paris.", "Rome."), "France?\n\n  Italy?  \n/exit\nnever asked\n", "Be brief.");

        _output.ToString().ShouldBe("Paris.\nRome.\n");
        _error.ToString().ShouldBe("");
        _prompts.ShouldBe(
        [
            Prompt(new("system", "Be brief."), new("user", "France?")),
            Prompt(new("system", "Be brief."), new("user", "France?"), new("assistant", "Paris."), new("user", "Italy?")),
        ]);
    }

    [Fact]
    public async Task Chat_OnCommands_ChangesTheDialog()
    {
        await RunAsync(Saying("A", "B", "C", "D"), "one\n/retry\n/clear\ntwo\n/system You are terse.\nthree\n/nonsense\n");

        _prompts.ShouldBe(
        [
            Prompt(new Turn("user", "one")),
            Prompt(new Turn("user", "one")),
            Prompt(new Turn("user", "two")),
            Prompt(new("system", "You are terse."), new("user", "three")),
        ]);
    }

    [Fact]
    public async Task Chat_WhenInterruptedInMidAnswer_StopsTheAnswerFreesTheSequenceAndGoesOn()
    {
        var client = ScriptedClient.Silent();
        var terminal = Terminal("long story\nand then?\n");
        var run = new ChatLoop(Answers(client), Settings, null, [], terminal).RunAsync(CancellationToken.None);
        var first = await client.NextAsync();
        first.Text("Once upon");
        await _output.Shows("Once upon");

        terminal.Interrupts.Interrupt();

        await first.Disposed.WaitAsync(TimeSpan.FromSeconds(60));
        var second = await client.NextAsync();
        ScoutNano.Tokenizer.Decode(second.Request.Prompt).ShouldBe(Prompt(new("user", "long story"), new("assistant", "Once upon"), new("user", "and then?")));
        second.Text("The end.");
        second.End(FinishReason.Stop);
        (await run).ShouldBe(CommandLine.Success);
        _output.ToString().ShouldBe("Once upon\nThe end.\n");
        terminal.Interrupts.Token.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task Chat_WhenAnAnswerFails_SaysWhyAndForgetsTheQuestion()
    {
        var answers = 0;
        var client = new ScriptedClient(generation =>
        {
            if (answers++ == 0)
            {
                generation.End(FinishReason.Error, "a host is gone");
                return;
            }

            generation.Text("Yes.");
            generation.End(FinishReason.Stop);
        });

        await RunAsync(client, "broken?\nworks?\n");

        _error.ToString().ShouldBe("error: a host is gone\n");
        _output.ToString().ShouldBe("\nYes.\n");
        _prompts.ShouldBe([Prompt(new Turn("user", "broken?")), Prompt(new Turn("user", "works?"))]);
    }

    [Fact]
    public async Task Chat_WhenRefused_SaysTheClustersReason()
    {
        var client = Saying("never");
        client.Admit = _ => new SubmitResult(SubmitStatus.QueueFull, "384 requests are waiting", 1);

        await RunAsync(client, "hello?\n");

        _error.ToString().ShouldBe("error: 384 requests are waiting\n");
    }

    [Fact]
    public async Task Chat_PastTheContext_SaysHowLongTheDialogIs()
    {
        await RunAsync(Saying("never"), string.Concat(Enumerable.Repeat("word ", 400)) + "\n", contextTokensMax: 100);

        _error.ToString().ShouldContain("leaves no room for an answer within 100");
    }

    [Fact]
    public async Task Answer_NearTheContextsEnd_AsksForNoMoreThanItLeaves()
    {
        var client = Saying("ok");
        await using var answers = new EngineAnswers(client, Model, "m", contextTokensMax: 20);

        await foreach (var _ in answers.AnswerAsync(new ChatDialog([new ChatMessage(ChatRole.User, "Hello")]), Settings, CancellationToken.None))
        {
        }

        var request = (await client.NextAsync()).Request;
        (request.Prompt.Length + request.TokensMax).ShouldBe(20);
        request.Sampling.Temperature.ShouldBe(0.6); // generation_config.json
        request.Sampling.TopP.ShouldBe(0.9);
        request.StopIds.ShouldBe([1953, 1959, 1960]);
    }

    [Fact]
    public async Task Chat_WithPictures_ShowsThemWithTheNextQuestionAndKeepsThemInTheDialog()
    {
        await RunAsync(Saying("A", "B", "C"), $"/image {Picture("image-002.png")}\nwhat?\nand then?\n/clear\nno more\n", pictures: AttachedPicture.Read(Picture("image-001.png")));

        _error.ToString().ShouldBe("");
        _images.Select(images => string.Join(' ', images.Select(image => image.Tiles))).ShouldBe(["1 5", "1 5", ""]);
        _prompts[0].ShouldContain("user<|header_end|>\n\n<|image_start|><|image|><|patch|>");
        _prompts[0].ShouldContain("<|image_end|>what?<|eot|>");
        _prompts[1].ShouldContain("<|image_end|>what?<|eot|><|header_start|>assistant<|header_end|>\n\nA<|eot|>");
        _prompts[2].ShouldBe(Prompt(new Turn("user", "no more")));
    }

    [Fact]
    public async Task Chat_OfAPictureThatIsNone_SaysWhyAndAsksWithoutIt()
    {
        await RunAsync(Saying("A", "B"), $"/image nowhere.png\n/image {Path.Combine(BundledModel.Directory, "config.json")}\none\n/image {Picture("image-001.png")}\n/image\ntwo\n");

        _error.ToString().ShouldContain("error: expected a picture's file, found none at 'nowhere.png'\n");
        _error.ToString().ShouldContain("config.json: expected a PNG, JPEG, WebP or GIF file");
        _images.ShouldAllBe(images => images.Length == 0);
    }

    [Fact]
    public async Task Chat_WhenAQuestionWithPicturesFails_ShowsThemWithTheNext()
    {
        var answers = 0;
        var client = new ScriptedClient(generation => generation.End(answers++ == 0 ? FinishReason.Error : FinishReason.Stop, "a host is gone"));

        await RunAsync(client, $"/image {Picture("image-001.png")}\nbroken?\nworks?\nwithout?\n");

        _images.Select(images => images.Length).ShouldBe([1, 1, 1]);
        _prompts[2].Split("<|image|>").Length.ShouldBe(2);
    }

    private static string Picture(string name) => Path.Combine(ScoutNanoEval.Folder, "images", name);

    private async Task RunAsync(ScriptedClient client, string input, string? system = null, int contextTokensMax = 4096, params ImagePart[] pictures)
    {
        (await new ChatLoop(Answers(client, contextTokensMax), Settings, system, pictures, Terminal(input)).RunAsync(CancellationToken.None)).ShouldBe(CommandLine.Success);
        while (client.HasNext)
        {
            var generation = await client.NextAsync();
            _prompts.Add(ScoutNano.Tokenizer.Decode(generation.Request.Prompt));
            _images.Add(generation.Request.Images);
            await generation.Disposed.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    private static ScriptedClient Saying(params string[] texts)
    {
        var next = 0;
        return new ScriptedClient(generation =>
        {
            generation.Text(texts[next++]);
            generation.Token(ScoutNano.Eot, FinishReason.Stop);
        });
    }

    private static EngineAnswers Answers(ScriptedClient client, int contextTokensMax = 4096) => new(client, Model, "scout-nano", contextTokensMax);

    private Terminal Terminal(string input) => new() { Input = new StringReader(input), Output = _output, Error = _error };

    private static string Prompt(params Turn[] turns) => string.Concat(
        ["<|begin_of_text|>", .. turns.Select(t => $"<|header_start|>{t.Role}<|header_end|>\n\n{t.Content}<|eot|>"), "<|header_start|>assistant<|header_end|>\n\n"]);

    private sealed record Turn(string Role, string Content);
}
