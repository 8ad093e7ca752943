using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Llama4.Structured.Tests;

public sealed class MaskTests
{
    private const int FirstSpecial = 200_000;

    [Fact]
    public void Mask_AfterEveryGoldenPrefix_IsTheReferences()
    {
        var vocabulary = SharedVocabulary.Llama4;
        var schemas = GoldenLines.Read("schemas.jsonl.gz").ToDictionary(line => line.GetProperty("id").GetString()!, line => line.GetProperty("schema"));
        var cases = GoldenLines.Read("masks.jsonl.gz");
        cases.Count.ShouldBe(415);
        var mask = new uint[vocabulary.MaskWords];
        var wrong = new List<string>();
        foreach (var line in cases)
        {
            var constraint = line.TryGetProperty("schema_id", out var id) ? Constraint.OfSchema(schemas[id.GetString()!])
                : line.TryGetProperty("regex", out var regex) ? Constraint.OfRegex(regex.GetString()!)
                : Constraint.OfChoice([.. line.GetProperty("choice").EnumerateArray().Select(choice => choice.GetString()!)]);
            var prefix = line.TryGetProperty("prefix_hex", out var hex)
                ? Convert.FromHexString(hex.GetString()!)
                : Encoding.UTF8.GetBytes(line.GetProperty("prefix_text").GetString()!);
            var state = constraint.Start(vocabulary).Advance(prefix);
            if (state is null)
            {
                wrong.Add($"no text starts so: {Short(line)}");
                continue;
            }

            state.FillMask(mask);
            var allowed = Enumerable.Range(0, FirstSpecial).Where(token => Has(mask, token)).ToArray();
            var eos = line.GetProperty("eos").GetBoolean();
            if (Hash(allowed) != line.GetProperty("allowed_sha256").GetString())
            {
                var missing = line.GetProperty("some_allowed").EnumerateArray().Where(token => !Has(mask, token.GetInt32()));
                var added = line.GetProperty("some_forbidden").EnumerateArray().Where(token => Has(mask, token.GetInt32()));
                wrong.Add($"{allowed.Length} ids, missing [{string.Join(',', missing)}], added [{string.Join(',', added)}]: {Short(line)}");
            }

            for (var token = FirstSpecial; token < vocabulary.Size; token++)
            {
                Has(mask, token).ShouldBe(eos && vocabulary.StopIds.Contains(token));
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static bool Has(uint[] mask, int token) => (mask[token >> 5] >> token & 1) != 0;

    private static string Hash(int[] ids)
    {
        var bytes = new byte[4 * ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), ids[i]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    private static string Short(JsonElement line) => line.GetRawText() is var text && text.Length > 250 ? text[..250] : text;
}
