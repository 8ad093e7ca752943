using Llama4.Model;
using Llama4.Server.Serving;
using Llama4.Server.Synth;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Tests.Synth;

public sealed class SynthTokenizerTests
{
    [Theory]
    [InlineData(265)]
    [InlineData(2048)]
    [InlineData(32768)]
    public void Tokenizer_OfAnyVocabulary_HasATextForEachIdAndTakesAnyText(int vocabulary)
    {
        using var folder = new TestFolder();
        Write(folder, vocabulary);

        var tokenizer = TokenizerLoader.Load(folder.Path);

        tokenizer.VocabularySize.ShouldBe(vocabulary);
        Enumerable.Range(0, vocabulary).Count(id => tokenizer.BytesOf(id).Length == 0).ShouldBe(0);
        var text = "Größe 東京 \0 <|eot|>\n babe";
        var ids = new List<int>();
        tokenizer.EncodeContent(text, ids);
        ids.ShouldAllBe(id => id < vocabulary - 9, "special names in a text are text");
        System.Text.Encoding.UTF8.GetString([.. ids.SelectMany(id => tokenizer.BytesOf(id).ToArray())]).ShouldBe(text);
    }

    [Fact]
    public async Task Synth_OfAShapeWithRoomForIt_CanBeServed()
    {
        using var folder = new TestFolder();

        (await Llama4Run.OfAsync("synth", "--shape", "scout", "--divide", "32", "--out", folder["tiny"])).ExitCode.ShouldBe(0);

        var served = ServedModel.Load(folder["tiny"]);
        var vocabulary = Llama4Config.Load(Path.Combine(folder["tiny"], "config.json")).VocabSize;
        served.Tokenizer.VocabularySize.ShouldBe(vocabulary);
        served.StopIds.ShouldBe(served.Tokenizer.StopIds, ignoreOrder: true);
        served.ChatFormat.Render([new ChatMessage(ChatRole.User, [new TextPart("Hello")])], addGenerationPrompt: true).ShouldAllBe(id => id < vocabulary);
    }

    [Fact]
    public async Task Synth_OfAVocabularyTooSmall_SaysThatItCannotBeServed()
    {
        using var folder = new TestFolder();
        var shape = SynthShape.Load(Golden.Path("01-scout", "config.json"));
        shape.Json["vocab_size"] = SynthTokenizer.VocabularyMin - 1;
        File.WriteAllText(folder["config.json"], shape.Json.ToJsonString());

        var run = await Llama4Run.OfAsync("synth", "--shape", folder["config.json"], "--out", folder["tiny"]);

        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("cannot be served");
        File.Exists(Path.Combine(folder["tiny"], "tokenizer.model")).ShouldBeFalse();
    }

    private static void Write(TestFolder folder, int vocabulary)
    {
        foreach (var (name, text) in SynthTokenizer.Files(vocabulary))
        {
            File.WriteAllText(folder[name], text);
        }
    }
}
