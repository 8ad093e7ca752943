using System.Text.Json;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Running;

/// <summary>Adds up a run as it happens, from many threads; what it keeps does not grow with the number of requests.</summary>
/// <param name="lines">Gets one JSON line for each request; may be null.</param>
internal sealed class Recorder(Scenario scenario, TextWriter? lines) : IStreamSink
{
    /// <summary>Different messages of failures that are told apart.</summary>
    private const int FailuresMax = 100;

    private readonly Lock _lock = new();
    private readonly BinSeries _bins = new(BinSeries.Width(scenario.Seconds));
    private readonly Dictionary<Outcome, long> _outcomes = [];
    private readonly Dictionary<(Outcome, string), Failure> _failures = [];
    private readonly Dictionary<string, PartRecord> _parts = [];
    private readonly LatencyHistogram _ttft = new(), _ttftFromSend = new(), _interToken = new(), _perToken = new(), _total = new(), _totalFromSend = new(), _lateness = new();
    private long _sessions, _shedSessions, _shedTurns, _endedSessions, _sent, _good, _checked, _right, _promptTokens, _cachedTokens, _answerTokens;

    /// <summary>Also told of all tokens.</summary>
    public IStreamSink? Also { get; init; }

    /// <summary>Records the whole of which this is a part.</summary>
    public Recorder? Whole { get; init; }

    public int InFlight { get; private set; }

    public int InFlightMax { get; private set; }

    public void Arrived(double at)
    {
        lock (_lock)
        {
            _sessions++;
            _bins.Arrived(at);
        }

        Whole?.Arrived(at);
    }

    /// <summary>A request is sent if fewer than the scenario's bound are on their way; otherwise it is counted as shed.</summary>
    public bool TrySend(double intended, double now, bool isFirstTurn)
    {
        Whole?.TrySend(intended, now, isFirstTurn);
        lock (_lock)
        {
            if (InFlight >= scenario.InFlightMax)
            {
                ShedUnlocked(now, isFirstTurn);
                return false;
            }

            _sent++;
            InFlight++;
            InFlightMax = Math.Max(InFlightMax, InFlight);
            _lateness.Record(now - intended);
            _bins.Sent(now, InFlight);
            return true;
        }
    }

    public void Shed(double now)
    {
        lock (_lock)
        {
            ShedUnlocked(now, isFirstTurn: true);
        }

        Whole?.Shed(now);
    }

    /// <summary>A dialog ended before its last turn.</summary>
    public void SessionEnded()
    {
        lock (_lock)
        {
            _endedSessions++;
        }

        Whole?.SessionEnded();
    }

    public void Tokens(long id, double from, double to, bool first)
    {
        lock (_lock)
        {
            _bins.Tokens(to);
            if (!first)
            {
                _interToken.Record(to - from);
            }
        }

        Also?.Tokens(id, from, to, first);
        Whole?.Tokens(id, from, to, first);
    }

    public void Ended(long id, double from, double to, bool failed)
    {
        Also?.Ended(id, from, to, failed);
        Whole?.Ended(id, from, to, failed);
    }

    /// <param name="isRight">Null where it is not known what is right.</param>
    public void Done(string part, int turn, double intended, Answer answer, bool? isRight)
    {
        lock (_lock)
        {
            InFlight--;
            _outcomes[answer.Outcome] = _outcomes.GetValueOrDefault(answer.Outcome) + 1;
            _bins.Ended(answer.End, answer.Outcome == Outcome.Ok, answer.Outcome == Outcome.Refused, InFlight);
            _good += SloCheck.IsGood(scenario.Slo, intended, answer) ? 1 : 0;
            _checked += isRight is null ? 0 : 1;
            _right += isRight == true ? 1 : 0;
            _promptTokens += answer.Usage?.Prompt ?? 0;
            _cachedTokens += answer.Usage?.Cached ?? 0;
            _answerTokens += answer.Tokens;
            RecordTimes(part, intended, answer, isRight);
            RecordFailure(answer);
            lines?.WriteLine(JsonSerializer.Serialize(RequestLine.Of(part, turn, intended, answer, isRight), JsonFiles.Line));
        }

        Whole?.Done(part, turn, intended, answer, isRight);
    }

    public Counts Counts()
    {
        lock (_lock)
        {
            return new Counts(
                _sessions, _shedSessions, _shedTurns, _endedSessions, _sent, new SortedDictionary<Outcome, long>(_outcomes), _good, _checked, _right, _promptTokens, _cachedTokens, _answerTokens);
        }
    }

    public Latencies Latencies()
    {
        lock (_lock)
        {
            return new Latencies
            {
                Ttft = LatencyFigures.Of(_ttft),
                TtftFromSend = LatencyFigures.Of(_ttftFromSend),
                InterToken = LatencyFigures.Of(_interToken),
                PerToken = LatencyFigures.Of(_perToken),
                Total = LatencyFigures.Of(_total),
                TotalFromSend = LatencyFigures.Of(_totalFromSend),
                Lateness = LatencyFigures.Of(_lateness),
            };
        }
    }

    public (Series Series, IReadOnlyList<PartFigures> Parts, IReadOnlyList<Failure> Failures) Details()
    {
        lock (_lock)
        {
            return (
                _bins.Close(),
                [.. _parts.OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => part.Value.Figures(part.Key))],
                [.. _failures.Values.OrderByDescending(failure => failure.Count)]);
        }
    }

    private void ShedUnlocked(double now, bool isFirstTurn)
    {
        _bins.Shed(now);
        (_shedSessions, _shedTurns) = isFirstTurn ? (_shedSessions + 1, _shedTurns) : (_shedSessions, _shedTurns + 1);
    }

    /// <summary>A request that was given up counts with the time that it was waited for: without it a server that hangs would look better than one that is slow.</summary>
    private void RecordTimes(string part, double intended, Answer answer, bool? isRight)
    {
        var givenUp = answer.Outcome is Outcome.Timeout or Outcome.Unfinished;
        if ((answer.First ?? (givenUp ? answer.End : null)) is { } first)
        {
            _ttft.Record(first - intended);
            _ttftFromSend.Record(first - answer.Sent);
            _bins.Ttft(first, first - intended);
        }

        if (answer.Outcome == Outcome.Ok || givenUp)
        {
            _total.Record(answer.End - intended);
            _totalFromSend.Record(answer.End - answer.Sent);
        }

        if (answer.PerToken is { } perToken)
        {
            _perToken.Record(perToken);
        }

        if (!_parts.TryGetValue(part, out var record))
        {
            _parts.Add(part, record = new PartRecord());
        }

        record.Done(intended, answer, isRight);
    }

    private void RecordFailure(Answer answer)
    {
        if (answer.Outcome == Outcome.Ok)
        {
            return;
        }

        var key = (answer.Outcome, answer.Detail ?? "");
        if (!_failures.ContainsKey(key) && _failures.Count >= FailuresMax)
        {
            key = (answer.Outcome, "further messages");
        }

        _failures[key] = _failures.TryGetValue(key, out var failure) ? failure with { Count = failure.Count + 1 } : new Failure(key.Outcome, key.Item2, 1, answer.End);
    }
}
