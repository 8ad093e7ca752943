using Llama4.Contracts;
using Llama4.Gateway.Telemetry.Spans;

namespace Llama4.Gateway.Answers;

/// <summary>Where the pieces of a request's choices go: <see cref="SseWriter"/> or <see cref="WholeAnswer"/>.</summary>
internal interface IAnswerSink
{
    /// <summary>Whether so much is buffered that it should go out now, more to come or not.</summary>
    bool IsFull { get; }

    void Write(Choice choice, Piece piece);

    ValueTask FlushAsync();
}

/// <summary>Carries pieces from a request's choices to its sink, in turns, so that choices of one request advance together.</summary>
internal static class AnswerLoop
{
    /// <summary>
    /// Runs to the end of all choices. Flushes when no choice has anything more ready: tokens that come singly go out singly,
    /// tokens that have gathered behind a slow write go out in one. A choice that has ended is disposed at once, which frees its sequence.
    /// </summary>
    /// <param name="silence">Ends the answer if nothing comes within <paramref name="silenceLimit"/>; armed again before every wait.</param>
    public static async Task RunAsync(
        IReadOnlyList<Choice> choices, IAnswerSink sink, CancellationTokenSource silence, TimeSpan silenceLimit)
    {
        var open = choices.Count;
        var spans = EmitSpans.Current;
        while (open > 0)
        {
            var isProgress = false;
            foreach (var choice in choices)
            {
                if (choice.Finish is not null || !choice.TryTake(out var piece))
                {
                    continue;
                }

                isProgress = true;
                var taken = spans is null ? default : DateTime.UtcNow;
                sink.Write(choice, piece);
                spans?.Wrote(choice, piece, taken);
                if (piece.Finish is not null)
                {
                    open--;
                    await choice.DisposeAsync();
                }
            }

            if (!isProgress)
            {
                await sink.FlushAsync();
                spans?.Flushed();
                silence.CancelAfter(silenceLimit);
                await WaitAsync(choices);
            }
            else if (sink.IsFull)
            {
                await sink.FlushAsync();
                spans?.Flushed();
            }
        }

        spans?.Flushed();
    }

    private static Task WaitAsync(IReadOnlyList<Choice> choices) =>
        choices.Count == 1
            ? choices[0].Waiting!
            : Task.WhenAny(choices.Where(choice => choice.Finish is null).Select(choice => choice.Waiting!));
}
