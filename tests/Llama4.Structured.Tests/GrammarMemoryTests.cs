using System.Text;

namespace Llama4.Structured.Tests;

/// <summary>It looks at the memory of the whole process: no other test may run meanwhile.</summary>
[CollectionDefinition(nameof(GrammarMemoryTests), DisableParallelization = true)]
public sealed class GrammarMemoryCollection;

[Collection(nameof(GrammarMemoryTests))]
public sealed class GrammarMemoryTests
{
    [Fact]
    public void Mask_OfAGrammarThatRemembersEveryCharacter_IsMadeInBoundedMemory()
    {
        // A palindrome's stack is its text, so that nearly every token leads to a state of its own.
        var letters = string.Concat(Enumerable.Range('a', 26).Select(letter => $" | \"{(char)letter}\" root \"{(char)letter}\""));
        var constraint = Constraint.OfGrammar("root ::= \" \"" + letters);
        var mask = new uint[SharedVocabulary.Llama4.MaskWords];
        var state = constraint.Start(SharedVocabulary.Llama4);
        state.FillMask(mask);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var token in new byte[][] { [(byte)'a'], [(byte)'b'], [(byte)' '] })
        {
            state = state.Advance(token).ShouldNotBeNull();
            state.FillMask(mask);
        }

        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(200L << 20);
        Enumerable.Range(0, SharedVocabulary.Llama4.Size).Where(token => (mask[token >> 5] >> token & 1) != 0)
            .Select(token => Encoding.UTF8.GetString(SharedVocabulary.Llama4.BytesOf(token)!)).ShouldBe(["b", "ba"], ignoreOrder: true);
    }
}
