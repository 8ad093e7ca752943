using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Live;

/// <summary>One token of an answer with the path it took.</summary>
/// <param name="Choice">Place in the answer's "choices".</param>
/// <param name="Index">In its answer.</param>
/// <param name="Text">The token's own: U+FFFD where its bytes are no whole character.</param>
internal sealed record TracedToken(int Choice, int Index, int Token, string Text, TokenHop[] Path)
{
    /// <summary>The value of an answer's "llama4"; what its members mean: docs/decisions/live.md.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<TracedToken> tokens)
    {
        json.WriteStartObject();
        json.WriteStartArray("paths");
        foreach (var token in tokens)
        {
            token.Write(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("choice", Choice);
        json.WriteNumber("index", Index);
        json.WriteNumber("token", Token);
        json.WriteString("text", Text);
        json.WriteStartArray("layers");
        foreach (var hop in Path)
        {
            WriteHop(json, hop);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHop(Utf8JsonWriter json, TokenHop hop)
    {
        json.WriteStartObject();
        json.WriteNumber("layer", hop.Layer);
        json.WriteString("host", hop.Host.Name);
        json.WriteNumber("attention_us", hop.AttentionUs);
        if (hop.Expert is { } expert)
        {
            json.WriteNumber("expert", expert.Best[0].Expert);
            json.WriteNumber("score", Rounded(expert.Best[0].Score));
            json.WriteString("expert_host", expert.Host.Name);
            json.WriteNumber("wire_us", expert.WireUs);
            json.WriteNumber("expert_us", expert.ExpertUs);
            WriteTop(json, expert.Best);
        }
        else
        {
            json.WriteNumber("feed_forward_us", hop.FeedForwardUs);
        }

        json.WriteEndObject();
    }

    private static void WriteTop(Utf8JsonWriter json, ExpertChoice[] best)
    {
        json.WriteStartArray("top");
        foreach (var choice in best)
        {
            json.WriteStartObject();
            json.WriteNumber("expert", choice.Expert);
            json.WriteNumber("score", Rounded(choice.Score));
            json.WriteNumber("probability", Rounded(choice.Probability));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Seventeen digits would be half of the message.</summary>
    private static double Rounded(double share) => Math.Round(share, 6);
}
