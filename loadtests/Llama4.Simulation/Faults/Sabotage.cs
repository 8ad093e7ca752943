namespace Llama4.Simulation;

/// <summary>Something broken in the system itself, to see that the simulation finds it.</summary>
public enum Sabotage
{
    None,

    /// <summary>Once in so many steps a host loses a layer's keys and values and does not notice.</summary>
    ForgetsKv,

    /// <summary>Once in a thousand an expert answers for its neighbour.</summary>
    WrongExpert,

    /// <summary>Once in a hundred a gateway's answer lacks its last chunk.</summary>
    LosesChunks,

    /// <summary>Once in twenty a host says that it has copied KV blocks and has not.</summary>
    LosesMovedKv,

    /// <summary>The register lets two hosts write the same term.</summary>
    SplitRegister,
}
