using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Tokenization;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 tokenize</c>: texts to token ids.</summary>
internal static class TokenizeVerb
{
    public static Verb Create(Terminal terminal)
    {
        var tokenizerOption = TokenizerOption.Create();
        var specials = new Option<bool>("--specials") { Description = "Names of special tokens in a text become their ids." };
        var bos = new Option<bool>("--bos") { Description = "Put in front what the tokenizer puts in front of a prompt." };
        var command = new Command("tokenize", """JSON lines {"text":…} on stdin to {"ids":[…]} on stdout.""") { tokenizerOption, specials, bos };
        command.SetAction((parsed, cancellation) =>
        {
            var tokenizer = TokenizerLoader.Load(parsed.GetRequiredValue(tokenizerOption));
            return JsonLines.MapAsync(
                terminal,
                (line, answer) => answer.WriteIds("ids", tokenizer.Encode(line.Text("text"), parsed.GetValue(specials), parsed.GetValue(bos))),
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"text":"Hello"}' | llama4 tokenize --tokenizer DIR --bos""",
            "llama4 tokenize --tokenizer tokenizer.model --specials < texts.jsonl > ids.jsonl");
    }
}
