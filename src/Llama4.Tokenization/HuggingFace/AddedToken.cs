namespace Llama4.Tokenization.HuggingFace;

/// <summary>A token of a tokenizer.json that is found in the text before any splitting.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Left out when special tokens are skipped in decoding.</param>
/// <param name="IsNormalized">Looked for only in what the tokens that are not normalized left over.</param>
/// <param name="StripsLeft">Swallows the white space before it.</param>
/// <param name="StripsRight">Swallows the white space after it.</param>
/// <param name="IsSingleWord">Counts only where no word character touches it.</param>
internal sealed record AddedToken(
    int Id, string Content, bool IsSpecial, bool IsNormalized, bool StripsLeft, bool StripsRight, bool IsSingleWord);
