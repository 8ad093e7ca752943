using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Faults;

/// <summary>
/// What streams see of each fault: the longest time without a token of each stream that was on its way between it and the next fault, counted from
/// the fault on. Before the first token that is a time of waiting.
/// </summary>
internal sealed class FaultGaps : IStreamSink
{
    /// <summary>Longer after a fault nothing is put down to it.</summary>
    public const double WindowSeconds = 60;

    private readonly Lock _lock = new();
    private readonly List<Window> _windows = [];

    /// <summary>The fault begins, and with it what is put down to it. Returns its number.</summary>
    public int Begin(double at, string command)
    {
        lock (_lock)
        {
            if (_windows.Count > 0)
            {
                _windows[^1].To = Math.Min(_windows[^1].To, at);
            }

            _windows.Add(new Window(at, command));
            return _windows.Count - 1;
        }
    }

    /// <param name="note">What went wrong with the command itself.</param>
    public void Done(int fault, int exitCode, string? note)
    {
        lock (_lock)
        {
            (_windows[fault].ExitCode, _windows[fault].Note) = (exitCode, note);
        }
    }

    public void Tokens(long id, double from, double to, bool first) => Note(id, from, to, failed: false);

    public void Ended(long id, double from, double to, bool failed) => Note(id, from, to, failed);

    public IReadOnlyList<FaultFigures> Figures()
    {
        lock (_lock)
        {
            return [.. _windows.Select(window => window.Figures())];
        }
    }

    private void Note(long id, double from, double to, bool failed)
    {
        lock (_lock)
        {
            // A gap may span faults: it counts with each, from that one on.
            foreach (var window in _windows)
            {
                if (to <= window.From || from >= window.To)
                {
                    continue;
                }

                var gap = to - Math.Max(from, window.From);
                window.Longest[id] = Math.Max(window.Longest.GetValueOrDefault(id), gap);
                if (from <= window.From)
                {
                    window.Open.Add(id);
                }

                window.Failed += failed && to < window.To ? 1 : 0;
            }
        }
    }

    private sealed class Window(double from, string command)
    {
        public readonly Dictionary<long, double> Longest = [];

        public readonly HashSet<long> Open = [];

        public double From => from;

        public double To { get; set; } = from + WindowSeconds;

        public int Failed { get; set; }

        public int ExitCode { get; set; } = -1;

        public string? Note { get; set; } = "did not end before the run";

        public FaultFigures Figures()
        {
            var gaps = new LatencyHistogram();
            foreach (var id in Open)
            {
                gaps.Record(Longest[id]);
            }

            return new FaultFigures(from, command, ExitCode, Note, Open.Count, gaps.Percentile(50), gaps.Percentile(99), Longest.Count, Failed, Longest.Count == 0 ? 0 : Longest.Values.Max());
        }
    }
}
