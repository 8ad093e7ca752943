namespace Llama4.Compute.Cpu;

/// <summary>
/// The device thread and its workers: runs the items of one command, handed out one by one, so that a thread that
/// is late or preempted takes fewer. Only the device thread calls <see cref="Run"/>.
/// </summary>
internal sealed unsafe class WorkerTeam : IDisposable
{
    private readonly Worker[] _workers;
    private delegate*<void*, int, int, void> _body;
    private void* _arguments;
    private int _items;
    private int _next;
    private int _inside;
    private int _open; // number of the open run; 0 while none is
    private int _runs;
    private volatile bool _stopping;
    private volatile Exception? _fault;

    public WorkerTeam(int threads)
    {
        Threads = threads;
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker(this, i + 1);
        }
    }

    public int Threads { get; }

    /// <summary>Calls body(arguments, thread, item) for every item; returns when all are done.</summary>
    /// <param name="parallel">False for work too small to pay for a second thread.</param>
    public void Run(delegate*<void*, int, int, void> body, void* arguments, int items, bool parallel)
    {
        if (!parallel || items < 2 || _workers.Length == 0)
        {
            for (int i = 0; i < items; i++)
            {
                body(arguments, 0, i);
            }

            return;
        }

        _body = body;
        _arguments = arguments;
        _items = items;
        Volatile.Write(ref _next, 0);
        _runs = _runs == int.MaxValue ? 1 : _runs + 1;
        Volatile.Write(ref _open, _runs);
        int wanted = Math.Min(items - 1, _workers.Length);
        for (int i = 0; i < wanted; i++)
        {
            _workers[i].Parking.Wake();
        }

        try
        {
            TakeItems(0);
        }
        finally
        {
            // Close the run, then wait for those who are in it. A worker counts itself in before it looks whether the
            // run is open, so either we see it here or it sees the run closed.
            Interlocked.Exchange(ref _open, 0);
            var spin = new SpinWait();
            while (Volatile.Read(ref _inside) != 0)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }

        if (_fault is { } fault)
        {
            _fault = null;
            throw new InvalidOperationException($"a compute thread failed: {fault.Message}", fault);
        }
    }

    private void TakeItems(int thread)
    {
        for (int item; (item = Interlocked.Increment(ref _next) - 1) < _items;)
        {
            _body(_arguments, thread, item);
        }
    }

    private void Join(int thread, int run)
    {
        Interlocked.Increment(ref _inside);
        if (Volatile.Read(ref _open) == run)
        {
            try
            {
                TakeItems(thread);
            }
            catch (Exception fault)
            {
                _fault = fault;
            }
        }

        Interlocked.Decrement(ref _inside);
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (Worker worker in _workers)
        {
            worker.Stop();
        }
    }

    private sealed class Worker
    {
        private readonly WorkerTeam _team;
        private readonly int _index;
        private readonly Thread _thread;
        private int _seen;

        public Worker(WorkerTeam team, int index)
        {
            _team = team;
            _index = index;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"compute {index}" };
            _thread.Start();
        }

        public Parking Parking { get; } = new();

        public void Stop()
        {
            Parking.Wake();
            _thread.Join();
            Parking.Dispose();
        }

        private void Loop()
        {
            while (true)
            {
                Parking.Wait(this, static w => w._team._stopping || w.IsNewRunOpen());
                if (_team._stopping)
                {
                    return;
                }

                int run = Volatile.Read(ref _team._open);
                if (run != 0)
                {
                    _seen = run;
                    _team.Join(_index, run);
                }
            }
        }

        private bool IsNewRunOpen()
        {
            int run = Volatile.Read(ref _team._open);
            return run != 0 && run != _seen;
        }
    }
}
