namespace Llama4.Tokenization.Streaming;

/// <summary>
/// Watches streamed text for stop strings, across the borders of its pieces. The stop string that is complete first ends the text
/// (of several that end at the same character, the longest); neither it nor anything behind it is given out. Only text that may
/// still be the beginning of a stop string is held back. However the text is cut into pieces, the result is the same.
/// </summary>
/// <remarks>One Knuth-Morris-Pratt automaton for each stop string: the work is the same for every character, whatever the text.</remarks>
public sealed class StopMatcher
{
    private readonly string[] _stops;
    private readonly int[][] _failure;
    private readonly int[] _matched;
    private string _held = "";

    /// <param name="stops">Stop strings, none empty; none at all lets everything pass.</param>
    public StopMatcher(IReadOnlyList<string> stops)
    {
        if (stops.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("A stop string must not be empty.", nameof(stops));
        }

        _stops = [.. stops];
        _failure = [.. _stops.Select(Failure)];
        _matched = new int[_stops.Length];
    }

    /// <summary>Whether a stop string was found; from then on all text is dropped.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The stop string that was found, or null.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes the next piece and returns the text that may be given out now.</summary>
    /// <param name="mayStop">Whether a stop string that ends in the piece counts; one that only begins in it may count later.</param>
    public string Append(string piece, bool mayStop = true)
    {
        if (IsStopped || _stops.Length == 0)
        {
            return IsStopped ? "" : piece;
        }

        for (var i = 0; i < piece.Length; i++)
        {
            if (Advance(piece[i]) is { } found && mayStop)
            {
                IsStopped = true;
                Found = found;
                var text = string.Concat(_held, piece.AsSpan(0, i + 1));
                _held = "";
                return text[..^found.Length];
            }
        }

        return GiveOut(piece);
    }

    /// <summary>Ends the text: returns what was held back and became no stop string.</summary>
    public string Flush()
    {
        var text = _held;
        _held = "";
        Array.Clear(_matched);
        return text;
    }

    private string GiveOut(string piece)
    {
        var heldLength = _matched.Max();
        if (_held.Length == 0 && heldLength == 0)
        {
            return piece;
        }

        var text = _held + piece;
        _held = text[^heldLength..];
        return text[..^heldLength];
    }

    /// <summary>Moves every automaton by one character; returns the longest stop string that ends here.</summary>
    private string? Advance(char unit)
    {
        string? found = null;
        for (var s = 0; s < _stops.Length; s++)
        {
            var stop = _stops[s];
            var matched = _matched[s];
            while (matched > 0 && stop[matched] != unit)
            {
                matched = _failure[s][matched - 1];
            }

            matched += stop[matched] == unit ? 1 : 0;
            _matched[s] = matched == stop.Length ? _failure[s][matched - 1] : matched; // it may go on if this one does not count
            if (matched == stop.Length && stop.Length > (found?.Length ?? 0))
            {
                found = stop;
            }
        }

        return found;
    }

    /// <summary>For each prefix of the stop string the length of its longest proper prefix that is its suffix too.</summary>
    private static int[] Failure(string stop)
    {
        var failure = new int[stop.Length];
        for (var i = 1; i < stop.Length; i++)
        {
            var matched = failure[i - 1];
            while (matched > 0 && stop[matched] != stop[i])
            {
                matched = failure[matched - 1];
            }

            failure[i] = matched + (stop[matched] == stop[i] ? 1 : 0);
        }

        return failure;
    }
}
