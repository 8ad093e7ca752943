using System.Text;
using Llama4.LoadTest.Client;

namespace Llama4.LoadTest.Tests.Client;

/// <summary>Chunks as OpenAI, vLLM, llama-server and llama4 send them.</summary>
public class ChatChunkTests
{
    [Theory]
    [InlineData("""{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""", "", false, null)]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}""", "Hi", true, null)]
    [InlineData("""{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}""", null, true, null)]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}""", null, true, null)]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":null,"tool_calls":[]},"finish_reason":"stop"}]}""", null, false, "stop")]
    [InlineData("""{"choices":[{"index":0,"finish_reason":"length"}]}""", null, false, "length")]
    [InlineData("""{"choices":[]}""", null, false, null)]
    public void Chunk_IsRead(string json, string? text, bool hasTokens, string? finish) =>
        ChatChunk.Parse(Encoding.UTF8.GetBytes(json)).ShouldBe(new ChatChunk(text, hasTokens, finish, null, null));

    [Fact]
    public void Usage_IsReadWithCachedTokensWhereTheyAreTold()
    {
        ChatChunk.Parse("""{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":8}}}"""u8.ToArray()).Usage.ShouldBe(new TokenUsage(9, 4, 8));
        ChatChunk.Parse("""{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":null}}"""u8.ToArray()).Usage.ShouldBe(new TokenUsage(9, 4, null));
    }

    [Theory]
    [InlineData("""{"error":{"message":"gone","type":"x"}}""", "gone")]
    [InlineData("""{"error":"gone"}""", "\"gone\"")]
    [InlineData("""{"error":{"code":500}}""", """{"code":500}""")]
    public void Error_IsItsMessageInAnyShape(string json, string message) => ChatChunk.Parse(Encoding.UTF8.GetBytes(json)).Error.ShouldBe(message);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("3")]
    [InlineData("""{"choices":3}""")]
    [InlineData("""{"choices":[3]}""")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":1e99}}""")]
    public void NoChunk_IsRefused(string json) => Should.Throw<InvalidDataException>(() => ChatChunk.Parse(Encoding.UTF8.GetBytes(json)));
}
