using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class PythonReprTests
{
    // Each right side is what Python 3.11 prints for str(json.loads(left side)).
    [Theory]
    [InlineData("\"it's \\\"x\\\"\\n\"", "it's \"x\"\n")]
    [InlineData("""["a","it's","say \"hi\"","both ' and \""]""", """['a', "it's", 'say "hi"', 'both \' and "']""")]
    [InlineData("""{"k":[1,2.0,true,false,null],"e":{},"l":[]}""", "{'k': [1, 2.0, True, False, None], 'e': {}, 'l': []}")]
    [InlineData("""["ü日本😀","\\","\t\r\n","\u0007\u007f\u00a0\u200d\u2028\ue000","\udb40\udc01"]""",
        """['ü日本😀', '\\', '\t\r\n', '\x07\x7f\xa0\u200d\u2028\ue000', '\U000e0001']""")]
    [InlineData("[1e16,1e-5,1e400,12345678901234567890]", "[1e+16, 1e-05, inf, 12345678901234567890]")]
    public void Str_WhenValueIsAny_IsWhatPythonPrints(string json, string expected) =>
        PythonRepr.Str(JsonSerializer.Deserialize<JsonElement>(json)).ShouldBe(expected);
}
