using System.CommandLine;

namespace Llama4.Server.Verbs;

/// <summary><c>--tokenizer</c>, as the verbs that need no model take it.</summary>
internal static class TokenizerOption
{
    public static Option<string> Create() => new("--tokenizer")
    {
        Description = "A tokenizer.model (tiktoken ranks) or tokenizer.json (Hugging Face), or a directory with one.",
        HelpName = "FILE|DIR",
        Required = true,
    };
}
