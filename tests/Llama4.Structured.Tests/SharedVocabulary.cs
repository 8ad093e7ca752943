using Llama4.Structured.Vocabularies;
using Llama4.Tokenization;

namespace Llama4.Structured.Tests;

/// <summary>The vocabulary of Llama 4, laid out once.</summary>
internal static class SharedVocabulary
{
    private static readonly Lazy<Vocabulary> LazyLlama4 =
        new(() => Vocabulary.Of(TokenizerLoader.Load(Golden.Path("tokenizer", "llama4-tokenizer.model"))));

    public static Vocabulary Llama4 => LazyLlama4.Value;
}
