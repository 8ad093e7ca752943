using System.Text;

namespace Llama4.LoadTest.Client;

/// <summary>How a request ended; each ends in exactly one of these.</summary>
internal enum Outcome
{
    /// <summary>A finish reason, and <c>[DONE]</c>.</summary>
    Ok,

    /// <summary>429 or 503: the server said at once that it is full.</summary>
    Refused,

    /// <summary>Any other status but 200.</summary>
    Status,

    /// <summary>The stream said that the answer failed.</summary>
    Error,

    /// <summary>What came is no stream of chunks.</summary>
    Malformed,

    /// <summary>The stream ended without finish reason or <c>[DONE]</c>.</summary>
    Cut,

    /// <summary>Not over within the scenario's <c>timeout_seconds</c>.</summary>
    Timeout,

    /// <summary>No connection, or one that was closed before an answer began.</summary>
    Connect,

    /// <summary>Still running when the run was over.</summary>
    Unfinished,
}

/// <summary>What was measured of one request; times in seconds of the run's clock.</summary>
internal sealed class Answer(long id)
{
    /// <summary>Longer answers are taken for a fault of the server.</summary>
    public const int TextMax = 1 << 20;

    private readonly StringBuilder _text = new();

    public long Id { get; } = id;

    public Outcome Outcome { get; set; }

    /// <summary>What went wrong.</summary>
    public string? Detail { get; set; }

    public int? Status { get; set; }

    public double Sent { get; set; }

    /// <summary>Of the first token; null if none came.</summary>
    public double? First { get; set; }

    /// <summary>Of the last token so far.</summary>
    public double Last { get; set; }

    public double End { get; set; }

    /// <summary>Events with tokens.</summary>
    public int Chunks { get; set; }

    public string? Finish { get; set; }

    public TokenUsage? Usage { get; set; }

    /// <summary>Between two events with tokens, seconds.</summary>
    public double LongestGap { get; set; }

    public string Text => _text.ToString();

    /// <summary>As the server counts, or else one for each event.</summary>
    public int Tokens => Usage is { Completion: > 0 } usage ? usage.Completion : Chunks;

    /// <summary>Mean seconds of a token after the first; null of fewer than two.</summary>
    public double? PerToken => First is { } first && Tokens > 1 ? (Last - first) / (Tokens - 1) : null;

    public void Append(string text)
    {
        if (_text.Length + text.Length > TextMax)
        {
            throw new InvalidDataException($"the answer has more than {TextMax:N0} characters");
        }

        _text.Append(text);
    }
}
