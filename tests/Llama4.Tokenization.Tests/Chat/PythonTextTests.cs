using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class PythonTextTests
{
    // Each right side is what Python 3.11 prints for json.dumps(json.loads(left side)).
    [Theory]
    [InlineData("""{"a":[1,true,null,{}],"b":"x"}""", """{"a": [1, true, null, {}], "b": "x"}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""", """{"a": 3, "b": 2}""")]
    [InlineData("[-0,-0.0,0e5,123456789012345678901234567890]", "[0, -0.0, 0.0, 123456789012345678901234567890]")]
    [InlineData("[1.0,1e3,1E15,1e16,1.5e16,123456789.125]", "[1.0, 1000.0, 1000000000000000.0, 1e+16, 1.5e+16, 123456789.125]")]
    [InlineData("[1e-4,1.25e-4,1e-5,-2.5e-7,5e-324]", "[0.0001, 0.000125, 1e-05, -2.5e-07, 5e-324]")]
    [InlineData("[0.1,3.5e-7,1.7976931348623157e308,1e400,-1e400]", "[0.1, 3.5e-07, 1.7976931348623157e+308, Infinity, -Infinity]")]
    [InlineData("""["é\n\"\\\u0001\u007f/😀"]""", """["\u00e9\n\"\\\u0001\u007f/\ud83d\ude00"]""")]
    public void Json_WhenValueIsAny_IsWhatPythonWrites(string json, string expected) =>
        PythonText.Json(JsonSerializer.Deserialize<JsonElement>(json)).ShouldBe(expected);

    [Fact]
    public void Json_WhenNotAsciiOnly_KeepsOtherLetters() => PythonText.Json("é\u007f\u0001", asciiOnly: false).ShouldBe("\"é\u007f\\u0001\"");
}
