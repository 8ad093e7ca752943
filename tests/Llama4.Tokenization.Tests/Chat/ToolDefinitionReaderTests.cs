using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class ToolDefinitionReaderTests
{
    [Fact]
    public void Read_OfBothForms_GivesNamesAndTheJsonAsItWas()
    {
        var tools = Read("""[{"type":"function","function":{"name":"f", "parameters":{}}},{"name":"g"}]""");
        tools.Select(tool => tool.Name).ShouldBe(["f", "g"]);
        tools[1].Json.GetRawText().ShouldBe("""{"name":"g"}""");
    }

    [Theory]
    [InlineData("{}", "tools")]
    [InlineData("[1]", "tools[0]")]
    [InlineData("""[{"type":"function"}]""", "tools[0].function")]
    [InlineData("""[{"type":"web_search"}]""", "tools[0].type")]
    [InlineData("""[{"type":"function","function":{}}]""", "tools[0].function.name")]
    [InlineData("""[{"type":"function","function":7}]""", "tools[0].function.name")]
    [InlineData("""[{"type":"function","function":{"name":"f","parameters":[]}}]""", "tools[0].function.parameters")]
    [InlineData("""[{"name":"f","description":"\ud800"}]""", "tools[0]")]
    [InlineData("""[{"name":"f"},{"name":"f"}]""", "tools[1]")]
    public void Read_OfWhatIsWrong_SaysWhere(string tools, string param) =>
        Should.Throw<ChatRequestException>(() => Read(tools)).Param.ShouldBe(param);

    private static IReadOnlyList<ToolDefinition> Read(string tools) => ToolDefinitionReader.Read(JsonSerializer.Deserialize<JsonElement>(tools));
}
