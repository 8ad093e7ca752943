namespace Llama4.Server.Tests;

/// <summary>How the bundled model is judged; these files stand in the checkout only, not beside the executable.</summary>
internal static class ScoutNanoEval
{
    public static string Folder { get; } = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano", "eval");
}
