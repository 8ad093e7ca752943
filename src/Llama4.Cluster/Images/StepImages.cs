using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Images;

/// <summary>The rows of pictures that stand among the rows of a step.</summary>
internal static class StepImages
{
    /// <returns>With the step's row of each as <see cref="Rows.Ids"/>; null for none. The caller's to dispose.</returns>
    public static Rows? Of(StepPlan step, BatchScheduler scheduler, RequestImages images)
    {
        List<(Rows Source, int First, int Row, int Count)>? pieces = null;
        foreach (var slice in step.Slices)
        {
            var request = scheduler.View(slice.Sequence).Request;
            for (var i = 0; i < request.Images.Length; i++)
            {
                var first = 0;
                foreach (var span in request.Images[i].Spans)
                {
                    var from = Math.Max(span.Position, slice.FirstPosition);
                    var to = Math.Min(span.Position + span.Rows, slice.FirstPosition + slice.Rows);
                    if (from < to)
                        (pieces ??= []).Add((images.Of(request.Id)[i], first + from - span.Position, slice.FirstRow + from - slice.FirstPosition, to - from));
                    first += span.Rows;
                }
            }
        }
        return pieces is null ? null : Gather(pieces);
    }

    private static Rows Gather(List<(Rows Source, int First, int Row, int Count)> pieces)
    {
        var (type, width) = (pieces[0].Source.Type, pieces[0].Source.Width);
        var rowBytes = width * Rows.ElementBytes(type);
        var places = new int[pieces.Sum(piece => piece.Count)];
        var payload = PooledPayload.Rent(places.Length * rowBytes);
        var done = 0;
        foreach (var (source, first, row, count) in pieces)
        {
            ((PooledPayload)source.Payload).Span.Slice(first * rowBytes, count * rowBytes).CopyTo(payload.Span[(done * rowBytes)..]);
            for (var i = 0; i < count; i++)
                places[done++] = row + i;
        }
        return new Rows(type, places.Length, width, places, default, payload);
    }
}
