using System.Threading.Channels;

namespace Llama4.Compute.Testing;

/// <summary>Runs batches of held commands in order. After a failure, later batches fail with it.</summary>
internal sealed class LateThread
{
    private readonly Channel<Batch> _batches = Channel.CreateBounded<Batch>(
        new BoundedChannelOptions(1024) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Thread _thread;
    private Exception? _fault;

    public LateThread()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "late device" };
        _thread.Start();
    }

    private sealed record Batch(List<Action> Commands, Func<ValueTask>? Last, TaskCompletionSource Done);

    /// <param name="commands">Run in order on the thread.</param>
    /// <param name="last">Started after them; its end is the batch's end.</param>
    public Task Enqueue(List<Action> commands, Func<ValueTask>? last)
    {
        var batch = new Batch(commands, last, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_batches.Writer.TryWrite(batch))
        {
            throw new InvalidOperationException("more than 1024 batches wait, or the device is disposed");
        }

        return batch.Done.Task;
    }

    public void Stop()
    {
        _batches.Writer.Complete();
        _thread.Join();
    }

    private void Loop()
    {
        while (_batches.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_batches.Reader.TryRead(out Batch? batch))
            {
                Run(batch);
            }
        }
    }

    private void Run(Batch batch)
    {
        try
        {
            if (_fault is not null)
            {
                throw _fault;
            }

            foreach (Action command in batch.Commands)
            {
                command();
            }

            batch.Last?.Invoke().AsTask().GetAwaiter().GetResult();
            batch.Done.SetResult();
        }
        catch (OperationCanceledException canceled)
        {
            batch.Done.SetCanceled(canceled.CancellationToken);
        }
        catch (Exception fault)
        {
            _fault = fault as DeviceFaultException ?? new DeviceFaultException($"a held command failed: {fault.Message}", fault);
            batch.Done.SetException(_fault);
        }
    }
}
