using System.Text.Json;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>Chat requests with pictures.</summary>
internal static class PictureRequest
{
    public const string Chat = "/v1/chat/completions";

    /// <summary>A question, then the pictures: the first is messages[0].content[1].</summary>
    public static string Of(params string[] urls) => JsonSerializer.Serialize(new
    {
        model = ScoutNano.Id,
        messages = new[]
        {
            new
            {
                role = "user",
                content = urls.Select(url => (object)new { type = "image_url", image_url = new { url } }).Prepend(new { type = "text", text = "What is shown?" }),
            },
        },
    });

    public static string DataUri(byte[] file) => $"data:image/png;base64,{Convert.ToBase64String(file)}";
}
