using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Tokenization;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 detokenize</c>: ids to texts, through the same incremental decoder that streams answers.</summary>
internal static class DetokenizeVerb
{
    public static Verb Create(Terminal terminal)
    {
        var tokenizer = TokenizerOption.Create();
        var pieces = new Option<bool>("--pieces") { Description = "Also \"pieces\": what each id lets a stream emit, and last what the flush gives." };
        var keep = new Option<bool>("--keep-specials") { Description = "Special tokens appear by name; else they give no text." };
        var command = new Command("detokenize", "Turns JSON lines {\"ids\":[…]} into {\"text\":…}, stdin to stdout.") { tokenizer, pieces, keep };
        command.SetAction((parsed, cancellation) =>
        {
            var loaded = TokenizerLoader.Load(parsed.GetRequiredValue(tokenizer));
            var (withPieces, keepSpecials) = (parsed.GetValue(pieces), parsed.GetValue(keep));
            return JsonLines.MapAsync(
                terminal,
                (line, answer) =>
                {
                    var emitted = Pieces(loaded, line.Ids("ids"), keepSpecials);
                    answer.WriteString("text", string.Concat(emitted));
                    if (withPieces)
                    {
                        answer.WriteStartArray("pieces");
                        emitted.ForEach(answer.WriteStringValue);
                        answer.WriteEndArray();
                    }
                },
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"ids":[19873,3817]}' | llama4 detokenize --tokenizer DIR""",
            "llama4 detokenize --tokenizer DIR --pieces --keep-specials < ids.jsonl");
    }

    private static List<string> Pieces(Tokenizer tokenizer, int[] ids, bool keepSpecials)
    {
        var detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecials: !keepSpecials);
        var pieces = new List<string>(ids.Length + 1);
        foreach (var id in ids)
        {
            if (id >= tokenizer.VocabularySize)
            {
                throw new InvalidDataException($"\"ids\"[{pieces.Count}]: expected an id below {tokenizer.VocabularySize}, found {id}");
            }

            pieces.Add(detokenizer.Append(id));
        }

        pieces.Add(detokenizer.Flush());
        return pieces;
    }
}
