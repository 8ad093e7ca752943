using System.Text;
using Llama4.Contracts;
using Llama4.Tokenization;
using Llama4.Tokenization.Streaming;

namespace Llama4.Gateway.Answers;

/// <summary>
/// Turns one choice's chunks into pieces of text: never half a character, never a part of a stop string, no stop id.
/// Once a piece has <see cref="Piece.Finish"/> the choice is over, whatever the cluster would still send.
/// </summary>
/// <param name="calls">Tells calls from content, where the answer may make calls.</param>
/// <param name="keepsStops">The stop string, or the text of the stop id, stays in the text.</param>
/// <param name="showsSpecials">Special tokens are shown by their names.</param>
/// <param name="opening">What the text begins with, before anything that was generated.</param>
/// <param name="tokensMin">A stop string counts only if it ends in the text of a later token.</param>
/// <param name="echoed">
/// Tokens of the prompt at the head of the log-probabilities: nothing is given out before all is known of them. Then the log-probabilities have a stop id too: who sums up those
/// of the prompt counts on one for each token generated.
/// </param>
internal sealed class AnswerText(
    Tokenizer tokenizer,
    IReadOnlyList<string> stops,
    IReadOnlyList<int> stopIds,
    bool logprobs,
    AnswerCalls? calls = null,
    bool keepsStops = false,
    bool showsSpecials = false,
    string opening = "",
    int tokensMin = 0,
    EchoedTokens? echoed = null)
{
    // Calls stand between special tokens, whose names tell them.
    private readonly IncrementalDetokenizer _detokenizer = new(tokenizer, skipSpecials: calls is null && !showsSpecials);
    private readonly StopMatcher? _matcher = stops.Count > 0 ? new StopMatcher(stops) : null;

    // Tokens whose text may still turn out to be a stop string, oldest first, with where their text starts in UTF-16 units.
    private readonly Queue<(LoggedToken Token, int Start)> _waiting = new();
    private int _tokens;
    private int _decodedUnits;
    private int _decodedCharacters = echoed is null ? 0 : opening.EnumerateRunes().Count();
    private int _givenUnits;
    private string _opening = opening;
    private bool _hasEchoed = echoed is null;

    public Piece Take(TokenChunk chunk)
    {
        if (!_hasEchoed && !echoed!.Report.IsComplete)
        {
            return new Piece("", [], chunk.Finish);
        }

        _tokens += chunk.Token is null ? 0 : 1;
        var text = chunk.Token is not { } id ? "" : keepsStops || !stopIds.Contains(id) ? Decode(chunk, id) : PassOver(chunk);
        var finish = chunk.Finish;
        if (_matcher is { IsStopped: true })
        {
            finish = FinishReason.Stop;
        }
        else if (finish is not null)
        {
            text += Match(_detokenizer.Flush());
            if (_matcher is { IsStopped: true })
            {
                finish = FinishReason.Stop;
            }
            else
            {
                text += _matcher?.Flush();
            }
        }

        text += keepsStops && finish is not null ? _matcher?.Found : "";
        var pieces = calls is null ? null : new List<CallPiece>();
        var (content, made) = TellCalls(text, finish, pieces);
        _givenUnits += content.Length;
        return new Piece(
            Opened(content),
            logprobs ? [.. Echo(), .. Release(all: finish is not null && _matcher is not { IsStopped: true })] : [],
            finish,
            made,
            pieces is { Count: > 0 } ? pieces : null);
    }

    private string Opened(string content)
    {
        (var opened, _opening) = (_opening + content, "");
        return opened;
    }

    private (string Content, IReadOnlyList<CalledTool>? Made) TellCalls(string text, FinishReason? finish, List<CallPiece>? pieces)
    {
        if (calls is null)
        {
            return (text, null);
        }

        var content = calls.Append(text, pieces!);
        if (finish is null)
        {
            return (content, null);
        }

        var (rest, made) = calls.Finish(pieces!);
        return (content + rest, made);
    }

    private string Decode(TokenChunk chunk, int id)
    {
        // A model's vocabulary may be padded past its tokenizer's: such an id has no text.
        var decoded = id < tokenizer.VocabularySize ? _detokenizer.Append(id) : "";
        if (logprobs)
        {
            _waiting.Enqueue((new LoggedToken(chunk, _decodedCharacters), _decodedUnits));
            foreach (var _ in decoded.EnumerateRunes())
            {
                _decodedCharacters++;
            }
        }

        _decodedUnits += decoded.Length;
        return Match(decoded);
    }

    /// <summary>A stop id, which has no text.</summary>
    private string PassOver(TokenChunk chunk)
    {
        if (echoed is not null)
        {
            _waiting.Enqueue((new LoggedToken(chunk, _decodedCharacters), _decodedUnits));
        }

        return "";
    }

    private IEnumerable<LoggedToken> Echo()
    {
        var isDue = !_hasEchoed;
        _hasEchoed = true;
        return isDue ? echoed!.Tokens() : [];
    }

    private string Match(string text) => _matcher?.Append(text, mayStop: _tokens > tokensMin) ?? text;

    private List<LoggedToken> Release(bool all)
    {
        var released = new List<LoggedToken>();
        while (_waiting.TryPeek(out var next) && (all || next.Start < _givenUnits))
        {
            released.Add(_waiting.Dequeue().Token);
        }

        return released;
    }
}
