using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama4.Tokenization;

namespace Llama4.Gateway.Answers;

/// <summary>How logprobs show a token: its text (U+FFFD where its bytes are no whole character) and its bytes.</summary>
/// <param name="asIds">Tokens are named token_id:N.</param>
internal sealed class TokenNames(Tokenizer tokenizer, bool asIds = false)
{
    // What the usual reference servers write for a probability of zero, which JSON has no number for.
    private const double LogprobMin = -9999;

    /// <summary>The bytes of a token; none for an id past the tokenizer's vocabulary.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => id < tokenizer.VocabularySize ? tokenizer.BytesOf(id) : default;

    /// <summary>The same tokens, named token_id:N.</summary>
    public TokenNames AsIds => new(tokenizer, asIds: true);

    public string Text(int id) => asIds ? string.Create(CultureInfo.InvariantCulture, $"token_id:{id}") : Decoded(id);

    /// <summary>Its text, however tokens are named.</summary>
    public string Decoded(int id) => Encoding.UTF8.GetString(Bytes(id));

    public static double Finite(double logprob) => Math.Max(logprob, LogprobMin);

    public void WriteBytes(Utf8JsonWriter json, int id, string name = "bytes")
    {
        json.WriteStartArray(name);
        foreach (var value in Bytes(id))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
