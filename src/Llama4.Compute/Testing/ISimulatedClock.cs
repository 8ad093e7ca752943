namespace Llama4.Compute.Testing;

/// <summary>The time that simulated devices and links take.</summary>
public interface ISimulatedClock
{
    /// <summary>Nanoseconds since the clock was made.</summary>
    long NowNs { get; }

    /// <summary>Completes when that time has come. The continuation runs on the awaiter's scheduler.</summary>
    ValueTask UntilAsync(long timeNs);
}
