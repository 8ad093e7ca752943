using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>The bundled model's tokenizer, loaded once.</summary>
internal static class ScoutNano
{
    public const string Id = "scout-nano";

    private static readonly string Folder = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");

    public static Tokenizer Tokenizer { get; } = TokenizerLoader.Load(Folder);

    public static ChatFormat ChatFormat { get; } = ChatFormat.Load(Tokenizer, Folder);

    public static int Eot { get; } = Tokenizer.Specials["<|eot|>"];

    public static GatewayOptions Options { get; } = new()
    {
        ModelIds = [Id],
        Tokenizer = Tokenizer,
        ChatFormat = ChatFormat,
        ContextTokensMax = 4096,
        VocabularySize = 2048,
        StopIds = [.. Tokenizer.StopIds],
        Defaults = new() { Temperature = 0.6, TopP = 0.9 },
    };
}
