using System.Text;
using CsCheck;
using Llama4.LoadTest.Client;

namespace Llama4.LoadTest.Tests.Client;

public class SseParserTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "a", "b")]
    [InlineData("data: a\r\n\r\ndata: b\r\n\r\n", "a", "b")]
    [InlineData("data: a\r\rdata: b\r\r", "a", "b")]
    [InlineData("data:a\n\n", "a")]
    [InlineData("data:  a\n\n", " a")]
    [InlineData(": keep-alive\n\n: again\n\ndata: a\n\n", "a")]
    [InlineData("event: x\nid: 3\nretry: 5\ndata: a\n\n", "a")]
    [InlineData("data: a\ndata: b\n\n", "a\nb")]
    [InlineData("data\n\n", "")]
    [InlineData("data:\n\n", "")]
    [InlineData("\n\n\n")]
    [InlineData("event: ping\n\n")]
    [InlineData("dataset: a\n\n")]
    [InlineData("\uFEFFdata: a\n\n", "a")]
    [InlineData("data: a: b\n\n", "a: b")]
    public void Stream_GivesItsData(string stream, params string[] expected) => Read([Encoding.UTF8.GetBytes(stream)], end: false).ShouldBe(expected);

    [Fact]
    public void End_TakesWholeLinesAndLeavesHalfOnes()
    {
        Read(["data: [DONE]\n"u8.ToArray()], end: true).ShouldBe(["[DONE]"]);
        Read(["data: [DON"u8.ToArray()], end: true).ShouldBeEmpty();
        Read(["data: a\ndata: b"u8.ToArray()], end: true).ShouldBe(["a"]);
    }

    [Fact]
    public void AnyPieces_GiveTheSameAsTheWhole() =>
        Gen.Select(
            Gen.OneOf<string>("data: é€\n", "data: {\"x\": 1}\n", "\n", "\r\n", "\r", ": c\r\n", "data: a\r", "event: e\n", "data\r\n").Array[0, 20],
            Gen.Int[1, 9].Array[1, 60]).Sample((lines, sizes) =>
        {
            var whole = Encoding.UTF8.GetBytes(string.Concat(lines));
            var pieces = new List<byte[]>();
            for (var (at, i) = (0, 0); at < whole.Length; i++)
            {
                var size = Math.Min(sizes[i % sizes.Length], whole.Length - at);
                pieces.Add(whole[at..(at + size)]);
                at += size;
            }

            Read(pieces, end: true).ShouldBe(Read([whole], end: true));
        });

    [Theory]
    [InlineData("")]
    [InlineData("data: ")]
    [InlineData("data: x\n")]
    public void EndlessEvent_IsRefusedAndNotKept(string begin)
    {
        var parser = new SseParser();
        parser.Push(Encoding.UTF8.GetBytes(begin), []);
        var piece = new byte[SseParser.EventBytesMax / 4];
        Array.Fill(piece, (byte)'x');

        Should.Throw<InvalidDataException>(() =>
        {
            for (var i = 0; i < 5; i++)
            {
                parser.Push(piece, []);
            }
        });
    }

    private static string[] Read(IEnumerable<byte[]> pieces, bool end)
    {
        var (parser, events) = (new SseParser(), new List<byte[]>());
        foreach (var piece in pieces)
        {
            parser.Push(piece, events);
        }

        if (end)
        {
            parser.End(events);
        }

        return [.. events.Select(Encoding.UTF8.GetString)];
    }
}
