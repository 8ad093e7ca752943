namespace Llama4.Tokenization.Tests;

/// <summary>Tokenizers that many tests use, loaded once.</summary>
internal static class SharedTokenizers
{
    private static readonly Lazy<Tokenizer> LazyLlama4 = new(() => TokenizerLoader.Load(Golden.Path("tokenizer", "llama4-tokenizer.model")));

    public static Tokenizer Llama4 => LazyLlama4.Value;
}
