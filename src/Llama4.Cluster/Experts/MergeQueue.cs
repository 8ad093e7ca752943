using Llama4.Cluster.Hosting;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Experts;

/// <summary>
/// Rows from other hosts that wait for the same experts, run together. At most two batches are on the device's queue: one computes while the next
/// is brought there; what arrives meanwhile joins the batch after. A row's result does not depend on what it is run with.
/// One caller at a time (a grain's scheduler).
/// </summary>
internal sealed class MergeQueue(ModelHost host)
{
    private const int BatchesMax = 2;

    /// <summary>Rows of a batch: as many as a prefill chunk, so that buffers stay as planned.</summary>
    private const int RowsMax = 512;

    private readonly Queue<Waiting> _waiting = [];
    private int _running;

    /// <summary>Rows waiting; for status and tests.</summary>
    public int Rows => _waiting.Sum(waiting => waiting.Question.Count);

    /// <param name="question">Stays the caller's, until the result is there.</param>
    /// <param name="run">Told what the question is run with; null where nobody asks.</param>
    public async ValueTask<Rows> RunAsync(ExpertGroup experts, Rows question, MergedRun? run = null)
    {
        var waiting = new Waiting(experts, question, run);
        _waiting.Enqueue(waiting);
        Start();
        return await waiting.Answer.Task;
    }

    private void Start()
    {
        while (_running < BatchesMax && _waiting.Count > 0)
        {
            var batch = new List<Waiting> { _waiting.Dequeue() };
            var rows = batch[0].Question.Count;
            while (_waiting.TryPeek(out var next) && ReferenceEquals(next.Experts, batch[0].Experts) && rows + next.Question.Count <= RowsMax)
            {
                rows += next.Question.Count;
                batch.Add(_waiting.Dequeue());
            }
            _running++;
            if (batch.Exists(waiting => waiting.Run is not null))
                MergedRun.Start([.. batch.Select(waiting => waiting.Run)], rows);
            _ = RunAsync(batch, rows);
        }
    }

    /// <summary>Never throws: a batch's failure is every waiting caller's.</summary>
    private async Task RunAsync(List<Waiting> batch, int rows)
    {
        var views = new List<Tensor>(batch.Count);
        var answers = new List<Rows>(batch.Count);
        try
        {
            using var output = Forward(batch, rows);
            var downloads = new List<Task<Rows>>(batch.Count);
            var first = 0;
            // All are asked for before any is awaited: else the second would wait on the device's queue behind the next batch.
            foreach (var waiting in batch)
            {
                views.Add(host.Device.View(output, first, waiting.Question.Count));
                downloads.Add(host.DownloadRowsAsync(views[^1], waiting.Question.Ids).AsTask());
                first += waiting.Question.Count;
            }
            await ((Task)Task.WhenAll(downloads)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            answers.AddRange(downloads.Where(download => download.IsCompletedSuccessfully).Select(download => download.Result));
            await Task.WhenAll(downloads); // throws what went wrong
            for (var i = 0; i < batch.Count; i++)
                batch[i].Answer.SetResult(answers[i].AsAnswer());
        }
        catch (Exception failure)
        {
            answers.ForEach(answer => answer.Dispose());
            foreach (var waiting in batch)
                waiting.Answer.TrySetException(failure);
        }
        finally
        {
            views.ForEach(view => view.Dispose());
            _running--;
            Start();
        }
    }

    private Tensor Forward(List<Waiting> batch, int rows)
    {
        var width = batch[0].Question.Width;
        var output = host.Device.Rent(host.Mode.Activations(), rows, width);
        using var scaled = host.Device.Rent(host.Mode.Activations(), rows, width);
        using var experts = host.Device.Rent(DType.I32, rows, 1);
        var chosen = new int[rows];
        var first = 0;
        foreach (var (_, question, _, _) in batch)
        {
            using var own = host.Device.View(scaled, first, question.Count);
            host.Device.UploadBytes(((PooledPayload)question.Payload).Bytes.Span, own);
            question.Experts.Span.CopyTo(chosen.AsSpan(first));
            first += question.Count;
        }
        host.Device.Upload<int>(chosen, experts);
        batch[0].Experts.Forward(scaled, experts, output);
        return output;
    }

    private sealed record Waiting(ExpertGroup Experts, Rows Question, MergedRun? Run, TaskCompletionSource<Rows> Answer)
    {
        public Waiting(ExpertGroup experts, Rows question, MergedRun? run)
            : this(experts, question, run, new TaskCompletionSource<Rows>(TaskCreationOptions.RunContinuationsAsynchronously))
        {
        }
    }
}
