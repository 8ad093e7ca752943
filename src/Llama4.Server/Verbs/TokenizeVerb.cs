using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Tokenization;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 tokenize</c>: texts to ids.</summary>
internal static class TokenizeVerb
{
    public static Verb Create(Terminal terminal)
    {
        var tokenizer = TokenizerOption.Create();
        var specials = new Option<bool>("--specials") { Description = "Special names in a text (<|eot|>) become their ids; else they stay text." };
        var bos = new Option<bool>("--bos") { Description = "Put <|begin_of_text|> first." };
        var command = new Command("tokenize", "Turns JSON lines {\"text\":…} into {\"ids\":[…]}, stdin to stdout.") { tokenizer, specials, bos };
        command.SetAction((parsed, cancellation) =>
        {
            var loaded = TokenizerLoader.Load(parsed.GetRequiredValue(tokenizer));
            var (withSpecials, withBos) = (parsed.GetValue(specials), parsed.GetValue(bos));
            return JsonLines.MapAsync(
                terminal,
                (line, answer) => answer.WriteIds("ids", loaded.Encode(line.Text("text"), withSpecials, withBos)),
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"text":"Hello world"}' | llama4 tokenize --tokenizer DIR --bos""",
            "llama4 tokenize --tokenizer tokenizer.model --specials < texts.jsonl > ids.jsonl");
    }
}
