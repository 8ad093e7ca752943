using System.Buffers.Binary;
using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class NanoLayoutTests
{
    private static readonly string Folder = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");
    private static readonly Tokenizer Nano = TokenizerLoader.Load(Folder);
    private static readonly ChatFormat Format = ChatFormat.Load(Nano, Folder);

    [Fact]
    public void Render_WhenQuestionHasAReferencePrompt_GivesItsIds()
    {
        var questions = Lines("questions.jsonl").ToDictionary(line => line.GetProperty("id").GetString()!);
        var checkedPrompts = 0;
        foreach (var line in Lines("greedy.jsonl"))
        {
            if (!questions.TryGetValue(line.GetProperty("id").GetString()!, out var question))
            {
                continue; // of the base model: no dialog
            }

            checkedPrompts++;
            var messages = ChatMessageReader.Read(question.GetProperty("messages"), asForTemplates: true).WithSizes(Sizes(question), tilePixels: 112, tilesMax: 4);
            Format.Render(new ChatDialog(messages) { Tools = Tools(question) })
                .ShouldBe([.. line.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())]);
        }

        checkedPrompts.ShouldBe(96);
    }

    [Fact]
    public void Render_WhenContentBeginsWithALineEnd_EncodesItTogetherWithTheTwoBefore()
    {
        var joined = new List<int>();
        Nano.EncodeContent("\n\n\nx", joined);
        var ids = Format.Render([new ChatMessage(ChatRole.User, [new TextPart("\n"), new TextPart("x")])], addGenerationPrompt: false);
        ids[4..^1].ShouldBe(joined);
        Nano.Decode(ids).ShouldBe("<|begin_of_text|><|header_start|>user<|header_end|>\n\n\nx<|eot|>");
    }

    [Fact]
    public void Render_WhenTheFirstMessageIsTheSystems_TrimsIt() =>
        Nano.Decode(Format.Render([new ChatMessage(ChatRole.System, " \nBe brief. "), new ChatMessage(ChatRole.User, " hi ")], addGenerationPrompt: false))
            .ShouldBe("<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|><|header_start|>user<|header_end|>\n\n hi <|eot|>");

    [Fact]
    public void Render_WhenHistoryHasCallsAndResults_WritesThemAsTheModelWasTrained()
    {
        using var json = JsonDocument.Parse("""
            [{"role":"assistant","content":null,"tool_calls":[
                {"function":{"name":"f","arguments":"{\"city\": \"Köln\", \"n\": 2}"}},{"function":{"name":"g","arguments":{}}}]},
             {"role":"tool","content":"{\"t\": 1}"}]
            """);
        Nano.Decode(Format.Render(ChatMessageReader.Read(json.RootElement), addGenerationPrompt: true)).ShouldBe(
            "<|begin_of_text|><|header_start|>assistant<|header_end|>\n\n[f(city=\"Köln\", n=2), g()]<|eot|>" +
            "<|header_start|>ipython<|header_end|>\n\n{\"t\": 1}<|eot|><|header_start|>assistant<|header_end|>\n\n");
    }

    private static IReadOnlyList<ToolDefinition>? Tools(JsonElement question) =>
        question.TryGetProperty("tools", out var tools) ? ToolDefinitionReader.Read(tools) : null;

    private static ImageSize[] Sizes(JsonElement question) => question.TryGetProperty("images", out var images)
        ? [.. images.EnumerateArray().Select(name => PngSize(Path.Combine(Folder, "eval", name.GetString()!)))]
        : [];

    /// <summary>The size that stands in a PNG's head.</summary>
    private static ImageSize PngSize(string file)
    {
        var head = File.ReadAllBytes(file).AsSpan(16, 8);
        return new ImageSize(BinaryPrimitives.ReadInt32BigEndian(head), BinaryPrimitives.ReadInt32BigEndian(head[4..]));
    }

    private static List<JsonElement> Lines(string name) =>
        [.. File.ReadLines(Path.Combine(Folder, "eval", name)).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
}
