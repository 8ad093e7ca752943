using System.Text.Json.Serialization;

namespace Llama4.Simulation;

[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
internal enum FaultKind
{
    /// <summary>A host dies and does not come back.</summary>
    Kill,

    /// <summary>A host dies, and another with its roles joins after the time.</summary>
    Restart,

    /// <summary>A host stands still for the time.</summary>
    Freeze,

    /// <summary>Nothing passes between a host and all others for the time.</summary>
    Cut,

    /// <summary>Nothing that a host sends arrives for the time.</summary>
    CutOut,

    /// <summary>Nothing that is sent to a host arrives for the time.</summary>
    CutIn,

    /// <summary>Nothing passes between two hosts for the time; all others reach both.</summary>
    CutPair,

    /// <summary>Nothing passes between one half of the hosts and the other for the time.</summary>
    Split,

    /// <summary>A host is twenty times slower for the time.</summary>
    Slow,

    /// <summary>Everything to and from a host takes 100 to 200 ms longer for the time.</summary>
    Far,

    /// <summary>The store does not answer for the time.</summary>
    Store,

    /// <summary>Messages are lost for the time.</summary>
    Loss,

    /// <summary>Messages arrive very late, and out of order, for the time.</summary>
    Lag,

    /// <summary>One-way messages arrive twice for the time.</summary>
    Double,

    /// <summary>A host joins.</summary>
    Join,

    /// <summary>A host gives away what it owns, and leaves.</summary>
    Drain,

    /// <summary>An operator asks for a new plan.</summary>
    Rebalance,
}

/// <param name="AtMs">After the start.</param>
/// <param name="Host">Counted among those alive at the time, and around.</param>
/// <param name="ForMs">How long it lasts.</param>
internal sealed record Fault(int AtMs, FaultKind Kind, int Host, int ForMs)
{
    public static Fault From(Random64 random, int fromMs, int toMs)
    {
        var kinds = Enum.GetValues<FaultKind>();
        return new Fault(random.Between(fromMs, toMs), kinds[random.Next(kinds.Length)], random.Next(16), random.OneIn(3) ? random.Between(500, 3000) : random.Between(10, 500));
    }
}
