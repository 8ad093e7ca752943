using System.CommandLine;
using System.Text.Json;
using Llama4.Server.Output;
using Llama4.Tokenization;
using Llama4.Tokenization.Streaming;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 detokenize</c>: token ids to texts, whole or in the pieces that a stream would show.</summary>
internal static class DetokenizeVerb
{
    public static Verb Create(Terminal terminal)
    {
        var tokenizerOption = TokenizerOption.Create();
        var pieces = new Option<bool>("--pieces") { Description = "Also what a stream shows after each id, and at its end: never half a character." };
        var keep = new Option<bool>("--keep-specials") { Description = "Special tokens show their names; without it, nothing." };
        var command = new Command("detokenize", """JSON lines {"ids":[…]} on stdin to {"text":…} on stdout.""") { tokenizerOption, pieces, keep };
        command.SetAction((parsed, cancellation) =>
        {
            var tokenizer = TokenizerLoader.Load(parsed.GetRequiredValue(tokenizerOption));
            var skipSpecials = !parsed.GetValue(keep);
            return JsonLines.MapAsync(
                terminal,
                (line, answer) =>
                {
                    var ids = Known(line.Ids("ids"), tokenizer);
                    answer.WriteString("text", tokenizer.Decode(ids, skipSpecials));
                    if (parsed.GetValue(pieces))
                    {
                        WritePieces(answer, ids, new IncrementalDetokenizer(tokenizer, skipSpecials));
                    }
                },
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"ids":[19873]}' | llama4 detokenize --tokenizer DIR""",
            "llama4 detokenize --tokenizer tokenizer.model --pieces --keep-specials < ids.jsonl");
    }

    private static int[] Known(int[] ids, Tokenizer tokenizer)
    {
        var wrong = Array.FindIndex(ids, id => id >= tokenizer.VocabularySize);
        return wrong < 0 ? ids : throw new InvalidDataException($"\"ids\"[{wrong}]: expected an id below {tokenizer.VocabularySize}, found {ids[wrong]}");
    }

    private static void WritePieces(Utf8JsonWriter answer, int[] ids, IncrementalDetokenizer stream)
    {
        answer.WriteStartArray("pieces");
        foreach (var id in ids)
        {
            answer.WriteStringValue(stream.Append(id));
        }

        answer.WriteStringValue(stream.Flush());
        answer.WriteEndArray();
    }
}
