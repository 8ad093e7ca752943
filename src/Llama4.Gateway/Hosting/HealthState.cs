namespace Llama4.Gateway.Hosting;

/// <summary>
/// What <see cref="HealthDoor"/> tells of a process: three questions, each answered with null for yes, else with why not, in one line. They are asked at each probe, from any
/// thread, and answer at once. What each means is in docs/decisions/health.md.
/// </summary>
/// <param name="Live">The process works as far as that depends on itself: otherwise it is to be started anew.</param>
/// <param name="Started">It has joined and loaded what the first plan gave it; what loads nothing has started from the first.</param>
/// <param name="Ready">It can do its part now.</param>
public sealed record HealthState(Func<string?> Live, Func<string?> Started, Func<string?> Ready)
{
    /// <summary>Before there is anything to ask.</summary>
    /// <param name="doing">What the process is about to do, like "It is joining its cluster."</param>
    public static HealthState Starting(string doing) => new(() => null, () => doing, () => doing);

    /// <summary>The same of a process that loads nothing: all that it waits for are others, which starting it anew does not bring.</summary>
    public static HealthState Waiting(string doing) => Starting(doing) with { Started = () => null };
}
