namespace Llama4.Simulation;

/// <summary>Messages between processes: late, out of order, lost, or kept back by a cut until it heals. A process reaches itself at once.</summary>
internal sealed class Network(World world)
{
    private static readonly TimeSpan Nearest = TimeSpan.FromMicroseconds(60);
    private static readonly TimeSpan Usual = TimeSpan.FromMicroseconds(600);
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan VeryLate = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FartherLeast = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FartherMost = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Refused = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<(SimulatedProcess From, SimulatedProcess To)> _cut = [];
    private readonly List<Action> _keptBack = [];

    /// <summary>Of messages, so many in a thousand.</summary>
    public int LostPerMille { get; set; }

    /// <summary>Of messages, so many in a thousand take up to a second.</summary>
    public int LaggingPerMille { get; set; }

    /// <summary>Whatever goes to one of these or comes from it takes longer, each message by itself.</summary>
    public HashSet<SimulatedProcess> Far { get; } = [];

    /// <summary>One-way messages, so many in a thousand.</summary>
    public int DoubledPerMille { get; set; }

    public void Cut(SimulatedProcess from, SimulatedProcess to) => _cut.Add((from, to));

    /// <summary>Everything reaches everything again; some of what was sent meanwhile arrives now.</summary>
    public void Heal()
    {
        _cut.Clear();
        foreach (var message in _keptBack)
            message();
        _keptBack.Clear();
    }

    /// <summary>No answer is waited for.</summary>
    public void Tell(SimulatedProcess from, SimulatedProcess to, Action message)
    {
        Deliver(from, to, message);
        if (DoubledPerMille > 0 && world.Random.Next(1000) < DoubledPerMille)
            Deliver(from, to, message);
    }

    /// <summary>Asks another process, and gives its answer, its failure, or that none came in time.</summary>
    /// <param name="timeout">Thereafter the asker is told that nobody answered.</param>
    public Task<T> AskAsync<T>(SimulatedProcess from, SimulatedProcess to, TimeSpan timeout, Func<Task<T>> question)
    {
        var answer = new TaskCompletionSource<T>();
        Deliver(from, to, () => _ = ServeAsync(from, to, question, answer));
        if (from != to)
        {
            world.After(timeout, from, _ => answer.TrySetException(new TimeoutException($"{to.Name} did not answer {from.Name} in {timeout.TotalSeconds} s")));
            if (to.IsDead && world.Random.OneIn(2))
                world.After(world.Random.Between(TimeSpan.Zero, Refused), from, _ => answer.TrySetException(new SiloGoneException(to.Name)));
        }
        return answer.Task;
    }

    private async Task ServeAsync<T>(SimulatedProcess from, SimulatedProcess to, Func<Task<T>> question, TaskCompletionSource<T> answer)
    {
        try
        {
            var result = await question();
            Deliver(to, from, () => answer.TrySetResult(result));
        }
        catch (Exception error)
        {
            Deliver(to, from, () => answer.TrySetException(error));
        }
    }

    private void Deliver(SimulatedProcess from, SimulatedProcess to, Action message)
    {
        if (from == to)
        {
            to.Post(static message => ((Action)message!)(), message);
            return;
        }
        if (_cut.Contains((from, to)))
        {
            if (world.Random.OneIn(2))
                _keptBack.Add(() => Send(from, to, message));
            return;
        }
        if (LostPerMille == 0 || world.Random.Next(1000) >= LostPerMille)
            Send(from, to, message);
    }

    private void Send(SimulatedProcess from, SimulatedProcess to, Action message)
    {
        var delay = LaggingPerMille > 0 && world.Random.Next(1000) < LaggingPerMille ? world.Random.Between(Late, VeryLate)
            : world.Random.OneIn(200) ? world.Random.Between(Usual, Late) : world.Random.Between(Nearest, Usual);
        if (Far.Count > 0 && (Far.Contains(from) || Far.Contains(to)))
            delay += world.Random.Between(FartherLeast, FartherMost);
        world.After(delay * Math.Max(from.Slowness, to.Slowness), to, static message => ((Action)message!)(), message);
    }
}

/// <summary>As Orleans tells that a silo is gone.</summary>
internal sealed class SiloGoneException(string silo) : Orleans.Runtime.OrleansException($"silo {silo} is gone");
