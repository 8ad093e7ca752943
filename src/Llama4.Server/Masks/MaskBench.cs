using System.Diagnostics;
using System.Text.Json;
using Llama4.Structured;
using Llama4.Structured.Vocabularies;
using Llama4.Tokenization;

namespace Llama4.Server.Masks;

/// <summary>
/// Walks texts of 20 schemas token by token and times each mask: one before each token, one at the end. Advancing is
/// not counted. Every round compiles anew, so that each kind of state is met for the first time once a round; of the
/// rounds a mask's shortest time counts, for what other processes take is not the mask's.
/// </summary>
internal sealed class MaskBench(Tokenizer tokenizer)
{
    private const int Rounds = 3;

    public MaskReport Run()
    {
        var start = Stopwatch.GetTimestamp();
        var vocabulary = Vocabulary.Of(tokenizer);
        var layout = Stopwatch.GetElapsedTime(start);
        var cases = Cases();
        cases.ForEach(one => Measure(one, vocabulary)); // the code is compiled
        return new(layout, [.. cases.Select(one => Measure(one, vocabulary))]);
    }

    private static List<JsonElement> Cases()
    {
        using var stream = typeof(MaskBench).Assembly.GetManifestResourceStream("Llama4.Server.Masks.schemas.jsonl")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private MaskFigures Measure(JsonElement one, Vocabulary vocabulary)
    {
        var texts = one.GetProperty("texts").EnumerateArray().Select(text => tokenizer.Encode(text.GetString())).ToList();
        var masks = new double[texts.Sum(ids => ids.Length + 1)];
        Array.Fill(masks, double.MaxValue);
        var compile = double.MaxValue;
        var mask = new uint[vocabulary.MaskWords];
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var first = Constraint.OfSchema(one.GetProperty("schema")).Start(vocabulary);
            first.FillMask(mask);
            compile = Math.Min(compile, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            var index = 0;
            foreach (var ids in texts)
            {
                // A state that no mask has been made for yet, also at the start of the first text.
                var state = index == 0 ? Constraint.OfSchema(one.GetProperty("schema")).Start(vocabulary) : first;
                first = state;
                for (var i = 0; i <= ids.Length; i++)
                {
                    start = Stopwatch.GetTimestamp();
                    state.FillMask(mask);
                    masks[index] = Math.Min(masks[index], Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                    index++;
                    if (i < ids.Length)
                    {
                        state = state.Advance(ids[i]) ?? throw new InvalidOperationException($"{one.GetProperty("id")}: a mask forbids id {ids[i]} of a text that is allowed");
                    }
                }

                if (!state.IsComplete)
                {
                    throw new InvalidOperationException($"{one.GetProperty("id")}: a whole text is not complete");
                }
            }
        }

        return new(one.GetProperty("id").GetString()!, masks, compile);
    }
}
