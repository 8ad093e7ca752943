using System.Text.Json;

namespace Llama4.Structured;

/// <summary>How deep JSON from outside may nest: everything here that follows it by recursion is tested to that depth on a small stack.</summary>
public static class JsonNesting
{
    /// <summary>Objects and arrays in each other. The deepest schemas of public collections nest some 60.</summary>
    public const int DepthMax = 256;

    /// <summary>For values up to that depth, and what is put around them here.</summary>
    public static JsonDocumentOptions Documents { get; } = new() { MaxDepth = DepthMax + 8 };

    /// <summary>For values up to that depth.</summary>
    public static JsonReaderOptions Reader { get; } = new() { MaxDepth = DepthMax };

    /// <summary>Whether a text that could not be read nests too deep, and was JSON up to there.</summary>
    public static bool IsTooDeep(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax + 1 });
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth >= DepthMax && reader.TokenType is (JsonTokenType.StartObject or JsonTokenType.StartArray))
                {
                    return true;
                }
            }
        }
        catch (JsonException)
        {
            // No JSON, for another reason.
        }

        return false;
    }
}
