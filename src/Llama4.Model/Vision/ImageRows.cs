using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// The image rows of one sequence's prompt, and where they go: one by one over the embeddings of its patch tokens, in order. By position, so that a
/// prompt may be brought in in any pieces; a patch token that the model itself generates keeps its embedding.
/// </summary>
public sealed class ImageRows : IDisposable
{
    private readonly IDevice _device;
    private readonly Tensor _rows;

    /// <summary>Positions of the patch tokens, ascending.</summary>
    private readonly int[] _positions;

    /// <param name="sequence">The number that step plans give the sequence.</param>
    /// <param name="prompt">All of its ids.</param>
    /// <param name="patchId">The patch token: <see cref="Llama4Config.PatchId"/>.</param>
    /// <param name="rows">[patch tokens, hidden] in the activations' type, as <see cref="VisionTower.ForwardAsync"/> returns them; disposed with this.</param>
    /// <exception cref="ArgumentException">There are not as many patch tokens as rows.</exception>
    public ImageRows(IDevice device, long sequence, ReadOnlySpan<int> prompt, int patchId, Tensor rows)
    {
        RequireCount(prompt, patchId, rows.Rows);
        _device = device;
        _rows = rows;
        _positions = Positions(prompt, patchId);
        Sequence = sequence;
    }

    public long Sequence { get; }

    /// <summary>Before anything is computed: the images of a prompt must make as many rows as it has patch tokens.</summary>
    /// <inheritdoc cref="ImageRows(IDevice, long, ReadOnlySpan{int}, int, Tensor)" path="/exception"/>
    public static void RequireCount(ReadOnlySpan<int> prompt, int patchId, int rows)
    {
        var tokens = prompt.Count(patchId);
        if (tokens != rows)
            throw new ArgumentException($"the prompt has {tokens} patch tokens (id {patchId}), the images make {rows} rows; expected as many");
    }

    /// <summary>Enqueues writing the rows that belong into this step.</summary>
    /// <param name="hidden">[step rows, hidden], the embeddings.</param>
    public void Place(StepPlan step, Tensor hidden)
    {
        foreach (var slice in step.Slices)
        {
            if (slice.Sequence == Sequence)
                Place(slice, hidden);
        }
    }

    public void Dispose() => _rows.Dispose();

    private void Place(SequenceSlice slice, Tensor hidden)
    {
        int first = FirstAtOrAfter(slice.FirstPosition), count = FirstAtOrAfter(slice.FirstPosition + slice.Rows) - first;
        if (count == 0)
            return;
        var rows = Array.ConvertAll(_positions[first..(first + count)], position => slice.FirstRow + position - slice.FirstPosition);
        using var indexes = _device.Rent(DType.I32, count, 1);
        _device.Upload<int>(rows, indexes);
        using var source = _device.View(_rows, first, count);
        _device.ScatterRows(source, indexes, hidden);
    }

    private int FirstAtOrAfter(int position)
    {
        var index = Array.BinarySearch(_positions, position);
        return index < 0 ? ~index : index;
    }

    private static int[] Positions(ReadOnlySpan<int> prompt, int patchId)
    {
        var positions = new List<int>();
        for (var i = 0; i < prompt.Length; i++)
        {
            if (prompt[i] == patchId)
                positions.Add(i);
        }
        return [.. positions];
    }
}
