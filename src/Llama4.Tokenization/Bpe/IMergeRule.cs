namespace Llama4.Tokenization.Bpe;

/// <summary>Which neighbours merge, and how early: the one thing in which tiktoken's files and Hugging Face's differ.</summary>
internal interface IMergeRule
{
    /// <summary>The parts of one byte that merging starts from.</summary>
    int IdOf(byte value);

    /// <summary>The rank of merging two neighbours (the lowest merges first) and what they become, or -1.</summary>
    /// <param name="merged">The bytes of both parts together.</param>
    /// <param name="left">Id of the left part.</param>
    /// <param name="right">Id of the right part.</param>
    /// <param name="id">Id of the merged part.</param>
    int RankOf(ReadOnlySpan<byte> merged, int left, int right, out int id);
}
