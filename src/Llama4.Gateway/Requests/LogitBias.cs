using System.Globalization;
using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>
/// The field logit_bias: OpenAI's object of id to bias, whose names may be text as llama-server has it, or its array of [id or text, bias]. A text
/// stands for each of its tokens; a name that is a whole number is an id. A bias of false forbids, in both.
/// </summary>
internal static class LogitBias
{
    private const string Field = "logit_bias";
    private const double Max = 100;

    /// <summary>What is added to the logits; null for nothing.</summary>
    /// <exception cref="ApiError">It is of neither form, or has too many entries.</exception>
    public static Dictionary<int, double>? Read(RequestFields fields, GatewayOptions options)
    {
        var biases = new Dictionary<int, double>();
        foreach (var (id, bias) in fields.Find(Field) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Object } byName => OfObject(byName, options),
            { ValueKind: JsonValueKind.Array } pairs => pairs.EnumerateArray().SelectMany(pair => OfPair(pair, options)),
            { } other => throw ApiError.WrongType(Field, "an object of token id or text to bias", RequestFields.Name(other)),
        })
        {
            biases[id] = bias;
            if (biases.Count > options.Limits.LogitBiasMax)
            {
                throw ApiError.Invalid($"'{Field}' may have {options.Limits.LogitBiasMax} entries, but has more.", Field);
            }
        }

        return biases.Count == 0 ? null : biases;
    }

    private static IEnumerable<(int Id, double Bias)> OfObject(JsonElement byName, GatewayOptions options) => byName.EnumerateObject().SelectMany(entry =>
    {
        var bias = Bias(entry.Value);
        return IdsOf(entry.Name, options).Select(id => (id, bias));
    });

    private static int[] IdsOf(string name, GatewayOptions options)
    {
        if (name.Length > 0 && !name.AsSpan(name[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9') && name != "-")
        {
            return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < options.VocabularySize
                ? [id]
                : throw ApiError.Invalid($"Ids in '{Field}' must be from 0 to {options.VocabularySize - 1}, but one is '{Shorten(name)}'.", Field);
        }

        return Encode(name, options);
    }

    private static int[] Encode(string text, GatewayOptions options) => text.Length > 0
        ? options.Tokenizer.Encode(text)
        : throw ApiError.Invalid($"Texts in '{Field}' must have at least one character.", Field);

    private static IEnumerable<(int Id, double Bias)> OfPair(JsonElement pair, GatewayOptions options)
    {
        if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2)
        {
            throw ApiError.Invalid($"Entries of '{Field}' must be [token id or text, bias or false], but one is {RequestFields.Name(pair)}.", Field);
        }

        var bias = Bias(pair[1]);
        int[] ids = pair[0].ValueKind == JsonValueKind.String
            ? Encode(RequestFields.Text(Field, pair[0]), options)
            : [RequestFields.Int(Field, pair[0], 0, options.VocabularySize - 1)];
        return ids.Select(id => (id, bias));
    }

    private static double Bias(JsonElement value) =>
        value.ValueKind == JsonValueKind.False ? double.NegativeInfinity : RequestFields.Number(Field, value, -Max, Max);

    private static string Shorten(string name) => name.Length <= 40 ? name : name[..40] + "…";
}
