using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Llama4.Client.Chat;

/// <summary>How values of a program are written into requests: as Microsoft.Extensions.AI writes them, without room between.</summary>
internal static class ChatJson
{
    /// <summary>Base64 has plus signs, which need no escape outside of HTML.</summary>
    public static JsonSerializerOptions Options { get; } =
        new(AIJsonUtilities.DefaultOptions) { WriteIndented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
