using System.CommandLine;
using System.Globalization;
using Llama4.Server.Output;
using Llama4.Server.Synth;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 synth</c>: a made-up checkpoint of any shape, to try and measure engines with.</summary>
internal static class SynthVerb
{
    public static Verb Create(Terminal terminal)
    {
        var shapeOption = new Option<string>("--shape") { Description = "Whose sizes; of a config with a vision tower, the text model's.", HelpName = "scout|maverick|CONFIG.json", Required = true };
        var divide = new Option<int>("--divide") { Description = "Sizes through N; experts, the ratio of heads and the pattern of layers stay.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same weights.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var output = new Option<string>("--out") { Description = "Directory to write; made if it is not there.", HelpName = "DIR", Required = true };
        divide.Within(1, 1024);
        seed.Within(ulong.MinValue, ulong.MaxValue);
        var command = new Command("synth", "A random, well-scaled checkpoint of any shape, with a tokenizer, streamed to disk.") { shapeOption, divide, seed, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            var shape = ShapeDivision.Divide(SynthShape.Load(parsed.GetRequiredValue(shapeOption)), parsed.GetValue(divide));
            var directory = parsed.GetRequiredValue(output);
            var checkpoint = new SynthCheckpoint(shape, parsed.GetValue(seed));
            var files = await ProgressLine.RunAsync(
                terminal,
                $"writing {ByteSize.Format(checkpoint.Bytes)}",
                progress => Task.Run(() => checkpoint.Write(directory, progress, cancellation), cancellation));
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{directory}: {checkpoint.Parameters:N0} parameters, {ByteSize.Format(checkpoint.Bytes)} in {files} {(files == 1 ? "file" : "files")}"));
            if (!checkpoint.HasTokenizer)
            {
                terminal.Error.WriteLine($"warning: a vocabulary of {shape.Config.VocabSize} ids has no room for a tokenizer, which takes {SynthTokenizer.VocabularyMin}: this checkpoint cannot be served");
            }

            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 synth --shape scout --divide 32 --out tiny-scout",
            "llama4 synth --shape path/to/config.json --seed 7 --out DIR");
    }
}
