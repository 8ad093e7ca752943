using System.Net;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>Requests of both endpoints with some fields more, each written as JSON with a comma before it.</summary>
internal static class AskedFields
{
    public const string Chat = "/v1/chat/completions";
    public const string Text = "/v1/completions";

    public static string Dialog(string more) => $$"""{"model":"scout-nano","messages":[{"role":"user","content":"Hello"}]{{more}}}""";

    public static string Prompt(string more) => $$"""{"model":"scout-nano","prompt":"Hello"{{more}}}""";

    /// <summary>Both endpoints refuse the field by its name, and the cluster hears nothing.</summary>
    public static async Task AreRefusedAsync(string field, string param, string says)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        foreach (var (path, body) in new[] { (Chat, Dialog("," + field)), (Text, Prompt("," + field)) })
        {
            var answer = await gateway.JsonAsync(path, body, HttpStatusCode.BadRequest);
            answer.At("error.param").GetString().ShouldBe(param);
            answer.At("error.message").GetString()!.ShouldContain(says);
        }

        cluster.HasNext.ShouldBeFalse();
    }
}
