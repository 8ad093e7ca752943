using System.Text;
using Llama4.Gateway.Keys;

namespace Llama4.Gateway.Tests.Keys;

public class ApiKeyTextTests
{
    private static readonly string Hex = new('a', 64);

    [Fact]
    public void Text_OfWhatWasWritten_IsTheSameKeys()
    {
        var alice = new ApiKey("alice", ApiKey.DigestOf(ApiKey.Fresh()), new KeyLimits(60, 100_000, 4));
        var bob = new ApiKey("bob", ApiKey.DigestOf(ApiKey.Fresh()), new KeyLimits());

        var read = Read($"\uFEFF// who may ask\n{ApiKeyText.Write(alice)}\r\n\n{ApiKeyText.Write(bob)} // no limits\n");

        read.Count.ShouldBe(2);
        read[0].ShouldSatisfyAllConditions(() => read[0].Name.ShouldBe("alice"), () => read[0].Digest.ShouldBe(alice.Digest), () => read[0].Limits.ShouldBe(alice.Limits));
        read[1].Limits.ShouldBe(new KeyLimits());
    }

    [Fact]
    public void Fresh_IsLongRandomAndNotInItsLine()
    {
        var (one, other) = (ApiKey.Fresh(), ApiKey.Fresh());
        one.ShouldNotBe(other);
        one.Length.ShouldBeGreaterThanOrEqualTo(ApiKey.CharsMin);
        ApiKeyText.Write(new ApiKey("a", ApiKey.DigestOf(one), new KeyLimits())).ShouldNotContain(one);
    }

    [Theory]
    [InlineData("", "at least one key")]
    [InlineData("// nothing", "at least one key")]
    [InlineData("hunter2", "near line 1")]
    [InlineData("{}", "keys.jsonl, line 1: expected a name")]
    [InlineData("""{"name":"a b","sha256":"HEX"}""", "expected a name")]
    [InlineData("""{"name":"a","sha256":"abc"}""", "64 hex digits")]
    [InlineData("""{"name":"a","sha256":"HEX","requests_per_minute":0}""", "requests_per_minute of at least 1, found 0")]
    [InlineData("""{"name":"a","sha256":"HEX","request_per_minute":5}""", "near line 1")]
    [InlineData("""{"name":"a","name":"b","sha256":"HEX"}""", "near line 1")]
    [InlineData("{\"name\":\"a\",\"sha256\":\"HEX\"}\n\n{\"name\":\"a\",\"sha256\":\"abc\"}", "keys.jsonl, line 3: ")]
    [InlineData("{\"name\":\"a\",\"sha256\":\"HEX\"}\n{\"name\":\"b\",\"sha256\":\"HEX\"}", "a and b have the same key")]
    [InlineData("{\"name\":\"a\",\"sha256\":\"HEX\"}\n{\"name\":\"a\",\"sha256\":\"BEX\"}", "the name a stands twice")]
    [InlineData("{\"name\":\"a\",\"sha256\":\"HEX\"", "near line 1")]
    public void Text_OfWhatAreNoKeys_IsOneLineThatSaysWhere(string text, string message)
    {
        var error = Should.Throw<InvalidDataException>(() => Read(text.Replace("HEX", Hex).Replace("BEX", new string('b', 64))));
        error.Message.ShouldContain(message);
        error.Message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("l4-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    [InlineData("""{"name":"a","sha256":"l4-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"}""")]
    [InlineData("""{"l4-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG":1}""")]
    [InlineData("""{"name":"a","requests_per_minute":"l4-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"}""")]
    public void Text_WithAKeyAsItIs_IsRefusedWithoutRepeatingIt(string text) =>
        Should.Throw<InvalidDataException>(() => Read(text)).Message.ShouldNotContain("0123456789abcdef");

    [Fact]
    public void Text_BeyondItsBound_IsRefused() =>
        Should.Throw<InvalidDataException>(() => Read(new string(' ', ApiKeyText.BytesMax + 1))).Message.ShouldContain("1,048,576 bytes");

    private static IReadOnlyList<ApiKey> Read(string text) => ApiKeyText.Read(Encoding.UTF8.GetBytes(text), "keys.jsonl");
}
