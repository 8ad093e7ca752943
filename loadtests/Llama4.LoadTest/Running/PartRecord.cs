using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Running;

/// <summary>The same for one kind of sessions.</summary>
internal sealed class PartRecord
{
    private readonly LatencyHistogram _ttft = new(2), _total = new(2);
    private long _sent, _ok, _checked, _right;

    public void Done(double intended, Answer answer, bool? isRight)
    {
        _sent++;
        _ok += answer.Outcome == Outcome.Ok ? 1 : 0;
        _checked += isRight is null ? 0 : 1;
        _right += isRight == true ? 1 : 0;
        if (answer.First is { } first)
        {
            _ttft.Record(first - intended);
        }

        if (answer.Outcome == Outcome.Ok)
        {
            _total.Record(answer.End - intended);
        }
    }

    public PartFigures Figures(string part) => new(part, _sent, _ok, _checked, _right, _ttft.Percentile(50), _ttft.Percentile(99), _total.Percentile(50), _total.Percentile(99));
}
