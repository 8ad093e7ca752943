using Llama4.Server.Serving;

namespace Llama4.Server.Bench;

/// <summary>A model at work whose decoding is measured in rounds.</summary>
/// <param name="Count">Of rounds, for each number of sequences.</param>
/// <param name="Slice">Of each measurement in a round, at least.</param>
internal sealed record BenchRounds(RunningModel Model, BenchPlan Plan, int Count, TimeSpan Slice) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Model.DisposeAsync();
}
