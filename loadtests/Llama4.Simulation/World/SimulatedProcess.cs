namespace Llama4.Simulation;

/// <summary>
/// A process: its continuations and timers happen in the world's thread, none while it is frozen, and none at all once it is dead. It has a clock of its own,
/// which shows the world's time.
/// </summary>
internal sealed class SimulatedProcess(World world, string name) : SynchronizationContext
{
    /// <summary>Now and then another thread is quicker.</summary>
    private const int OvertakenOneIn = 8;

    private readonly Queue<Happening> _held = new();

    public string Name { get; } = name;

    public World World => world;

    public TimeProvider Clock => field ??= new SimulatedClock(this);

    public bool IsDead { get; private set; }

    public bool IsFrozen { get; private set; }

    /// <summary>How many times longer than others its work takes.</summary>
    public int Slowness { get; set; } = 1;

    public override void Post(SendOrPostCallback action, object? state)
    {
        var delay = world.Random.OneIn(OvertakenOneIn) ? TimeSpan.FromMicroseconds(world.Random.Next(100)) : TimeSpan.Zero;
        world.After(delay, this, action, state);
    }

    public override void Send(SendOrPostCallback action, object? state) => action(state);

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Whether it can do this now; what it cannot do while frozen it does after.</summary>
    public bool Takes(Happening what)
    {
        if (IsDead)
            return false;
        if (IsFrozen)
            _held.Enqueue(what);
        return !IsFrozen;
    }

    public void Die()
    {
        IsDead = true;
        _held.Clear();
    }

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        while (_held.TryDequeue(out var held))
            world.After(TimeSpan.Zero, this, held.Action, held.State);
    }

    /// <summary>Starts something here.</summary>
    public void Start(Func<Task> work) => world.After(TimeSpan.Zero, this, static state =>
    {
        var (process, work) = ((SimulatedProcess, Func<Task>))state!;
        _ = process.WatchAsync(work);
    }, (this, work));

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception error)
        {
            world.Fail($"{Name}: {error}");
        }
    }
}
