using Llama4.Contracts;
using Llama4.Gateway.Doors;

namespace Llama4.Gateway.Tests.Doors;

public class KeptPiecesTests
{
    private readonly KeptPieces _pieces = new(TimeProvider.System);

    [Fact]
    public async Task Pieces_UntilTheClientHasThem_AreGivenAgain()
    {
        Add("a", "b");

        (await PollAsync(acknowledged: 0)).ShouldBe(["1 a", "2 b"]);
        (await PollAsync(acknowledged: 0)).ShouldBe(["1 a", "2 b"]);
        (await PollAsync(acknowledged: 1)).ShouldBe(["2 b"]);
    }

    [Fact]
    public async Task Poll_WhereThereIsNothing_WaitsForTheNextPieceOrGivesNone()
    {
        (await PollAsync(acknowledged: 0)).ShouldBeEmpty();
        var poll = PollAsync(acknowledged: 0);
        Add("a");

        string.Join(", ", await poll).ShouldBeOneOf("1 a", ""); // a machine with much else to do may notice the end of the wait first
        (await PollAsync(acknowledged: 0)).ShouldBe(["1 a"]);
    }

    [Fact]
    public async Task End_IsReadOnceTheLastPieceIsAcknowledged()
    {
        Add("a");
        _pieces.End(error: null);

        (await PollAsync(acknowledged: 0)).ShouldBe(["1 a"]);
        _pieces.Read.IsCompleted.ShouldBeFalse();
        (await PollAsync(acknowledged: 1)).ShouldBeEmpty();
        _pieces.Read.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Error_ComesBehindThePieces()
    {
        Add([.. Enumerable.Repeat("a", 1025)]);
        _pieces.End(new ChatError(500, "server_error", "made to fail"));

        var first = await _pieces.PollAsync(acknowledged: 0);
        (first.Pieces.Length, first.Error).ShouldBe((1024, null));
        _pieces.Read.IsCompleted.ShouldBeFalse();
        var last = await _pieces.PollAsync(acknowledged: 1024);
        (last.Pieces.Single().Number, last.Error!.Status).ShouldBe((1025, 500));
        _pieces.Read.IsCompleted.ShouldBeTrue();
    }

    private void Add(params string[] texts)
    {
        foreach (var text in texts)
        {
            _pieces.Add(number => new ChatPiece { Number = number, Token = 7, Text = text });
        }
    }

    private async Task<string[]> PollAsync(int acknowledged) =>
        [.. (await _pieces.PollAsync(acknowledged)).Pieces.Select(piece => $"{piece.Number} {piece.Text}")];
}
