using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class ChatDialectTests
{
    private const string Pythonic = "{%- set x = \"…\\n\\nHere is a list of functions in JSON format that you can invoke:\\n\" %}";
    private const string Json = "{{- \"Given the following functions, please respond with a JSON for a function call \" }}";
    private static readonly string Nano = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");

    [Theory]
    [InlineData("chat_template.jinja", Pythonic, ChatDialect.Meta, 0)]
    [InlineData("chat_template.jinja", Json, ChatDialect.Json, 0)]
    [InlineData("chat_template.jinja", "{{ messages }}", ChatDialect.Meta, 1)]
    [InlineData("chat_template.json", """{"chat_template":"please respond with a JSON for a function call"}""", ChatDialect.Json, 0)]
    [InlineData("tokenizer_config.json", """{"chat_template":"please respond with a JSON for a function call"}""", ChatDialect.Json, 0)]
    [InlineData("tokenizer_config.json", """{"chat_template":[{"name":"default","template":"x"},{"name":"tool_use","template":"please respond with a JSON for a function call"}]}""", ChatDialect.Json, 0)]
    [InlineData("tokenizer_config.json", """{"chat_template":null}""", ChatDialect.Meta, 0)]
    [InlineData("tokenizer_config.json", """{"bos_token":"x"}""", ChatDialect.Meta, 0)]
    public void Load_WhenAFolderHasATemplate_TakesItsDialectAndWarnsOnceOfUnknownOnes(string file, string content, ChatDialect expected, int warnings)
    {
        using var folder = new TemplateFolder();
        File.WriteAllText(Path.Combine(folder.Path, file), content);
        var warned = new List<string>();

        ChatFormat.Load(SharedTokenizers.Llama4, folder.Path, warn: warned.Add).Dialect.ShouldBe(expected);

        warned.Count.ShouldBe(warnings);
        warned.ShouldAllBe(warning => warning.Contains("meta, json, nano"));
    }

    [Fact]
    public void Load_WhenADialectIsGiven_TakesItWhateverTheTemplateSays() =>
        ChatFormat.Load(SharedTokenizers.Llama4, Nano, ChatDialect.Json).Dialect.ShouldBe(ChatDialect.Json);

    [Fact]
    public void Load_WhenTheModelIsScoutNano_TakesItsOwn() => ChatFormat.Load(SharedTokenizers.Llama4, Nano).Dialect.ShouldBe(ChatDialect.Nano);

    [Theory]
    [InlineData("{")]
    [InlineData("""{"chat_template":7}""")]
    public void Load_WhenTheTemplatesFileIsBroken_NamesIt(string content)
    {
        using var folder = new TemplateFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer_config.json"), content);
        Should.Throw<TokenizerFormatException>(() => ChatFormat.Load(SharedTokenizers.Llama4, folder.Path)).Message.ShouldContain("tokenizer_config.json");
    }

    [Fact]
    public void Find_OfEveryName_IsItsDialect()
    {
        ChatDialects.Names.Select(name => ChatDialects.NameOf(ChatDialects.Find(name)!.Value)).ShouldBe(["meta", "json", "nano"]);
        ChatDialects.Find("xml").ShouldBeNull();
    }

    private sealed class TemplateFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("llama4-template-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
