using System.CommandLine;
using Llama4.Server.Masks;
using Llama4.Server.Output;
using Llama4.Tokenization;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench masks</c>: what constrained decoding costs.</summary>
internal static class MasksCommand
{
    public static Command Create(Terminal terminal)
    {
        var tokenizer = TokenizerOption.Create();
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object." };
        var command = new Command("masks", "Microseconds of a token mask, and of compiling 20 schemas.") { tokenizer, json };
        command.SetAction((parsed, _) =>
        {
            var report = new MaskBench(TokenizerLoader.Load(parsed.GetRequiredValue(tokenizer))).Run();
            terminal.WriteReport(parsed.GetValue(json), report.WriteJson, report.WriteText);

            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }
}
