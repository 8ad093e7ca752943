using Llama4.Contracts;
using Llama4.Structured;
using Llama4.Structured.Vocabularies;

namespace Llama4.Cluster.Constraints;

/// <summary>Constraints by digest, compiled once, the last used ones. One caller at a time; compiling goes on beside it, each within the compiler's own bounds (some 100 ms).</summary>
/// <param name="vocabulary">What the ids stand for.</param>
/// <param name="countMax">At least as many as sequences draw side by side: of fewer, some would be compiled again with each step.</param>
/// <param name="bytesMax">Of all that are kept, with their states and masks; looked at when another is added. The one that is added is kept whatever it holds.</param>
internal sealed class CompiledConstraints(Func<Task<Vocabulary>> vocabulary, int countMax, long bytesMax)
{
    private readonly LastUsed<string, Task<ConstraintState>> _states = new(countMax);

    /// <summary>The state before the first token, or why there is none; null for a constraint that is not known here.</summary>
    public Task<ConstraintState>? Find(ReadOnlyMemory<byte> digest) => _states.Find(Convert.ToHexString(digest.Span));

    /// <inheritdoc cref="Find"/>
    public Task<ConstraintState> Start(DecodingConstraint constraint)
    {
        var name = Convert.ToHexString(constraint.Digest.Span);
        if (_states.Find(name) is { } known)
            return known;
        var compiling = Task.Run(() => CompileAsync(constraint));
        _states.Add(name, compiling);
        while (_states.Count > 1 && HeldBytes() > bytesMax)
            _states.RemoveOldest();
        return compiling;
    }

    private long HeldBytes() => _states.Values.Sum(state => state.IsCompletedSuccessfully ? state.Result.ConstraintBytes : 0);

    /// <summary>The first mask is made too: with it the slow part of a constraint is behind it.</summary>
    private async Task<ConstraintState> CompileAsync(DecodingConstraint constraint)
    {
        var compiled = ConstraintReader.Compile(constraint);
        var tokens = await vocabulary();
        var start = compiled.Start(tokens);
        start.FillMask(new uint[tokens.MaskWords]);
        return start;
    }
}
