namespace Llama4.Compute.Cpu;

/// <summary>
/// Takes commands in order and runs them. The first fault ends the mathematics: later commands are skipped and
/// every later await throws it, since nothing computed after it can be trusted.
/// </summary>
internal sealed class DeviceThread
{
    private readonly CommandQueue _queue;
    private readonly BlockPool _staging;
    private readonly WorkerTeam _team;
    private readonly ICommandRunner _runner;
    private readonly Thread _thread;
    private Exception? _fault;

    public DeviceThread(CommandQueue queue, BlockPool staging, int threads, InstructionSet set)
    {
        _queue = queue;
        _staging = staging;
        _team = new WorkerTeam(threads);
        _runner = set.CreateRunner(_team);
        _thread = new Thread(Loop) { IsBackground = true, Name = "compute 0" };
        _thread.Start();
    }

    public void Join() => _thread.Join();

    private void Loop()
    {
        bool running = true;
        while (running)
        {
            ref Command command = ref _queue.Take();
            running = command.Operation != Operation.Stop;
            Completion? completion = command.Completion;
            Exception? fault = Run(ref command);
            if (command.Operation == Operation.Upload && command.Object is NativeBlock staging && !_staging.TryReturn(staging))
            {
                staging.Free();
            }

            if (!running)
            {
                _runner.Dispose();
                _team.Dispose();
            }

            _queue.Remove();
            if (completion is null)
            {
                continue;
            }

            if (fault is null)
            {
                completion.Succeed();
            }
            else
            {
                completion.Fail(fault);
            }
        }
    }

    /// <returns>What the command's await has to throw.</returns>
    private Exception? Run(ref Command command)
    {
        try
        {
            if (command.Operation == Operation.Free)
            {
                ((NativeBlock)command.Object!).Free();
                return null;
            }

            if (_fault is not null)
            {
                return _fault;
            }

            if (command.Cancellation.IsCancellationRequested)
            {
                return new OperationCanceledException(command.Cancellation);
            }

            _runner.Run(ref command);
            return null;
        }
        catch (Exception fault)
        {
            _fault = new DeviceFaultException($"the CPU device failed in {command.Operation}: {fault.Message}", fault);
            return _fault;
        }
    }
}
