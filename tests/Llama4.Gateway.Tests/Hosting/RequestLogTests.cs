using System.Net;
using System.Net.Http.Headers;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Hosting;

public class RequestLogTests
{
    [Fact]
    public async Task Log_HasOneLineForEachRequestAndNoContentOrKey()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Xylophone"));
        gateway.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-secret");
        const string Dialog = """[{"role":"user","content":"Zeppelin"}]""";

        await gateway.JsonAsync("/v1/chat/completions", $$"""{"model":"scout-nano","messages":{{Dialog}}}""");
        await gateway.JsonAsync("/v1/chat/completions", $$"""{"model":"scout-nano","messages":{{Dialog}},"n":0}""", HttpStatusCode.BadRequest);
        await gateway.App.StopAsync();

        var lines = gateway.Logs.Lines.Where(line => line.StartsWith("chat ", StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBe(2);
        lines[0].ShouldMatch(@"^chat chatcmpl-\w{32} caller key-\w{12} status 200 prompt \d+ cached 0 generated \d+ finish stop ms \d+");
        lines[1].ShouldContain("status 400 prompt 0 cached 0 generated 0 finish invalid_value");
        var all = string.Join("\n", gateway.Logs.Lines);
        all.ShouldNotContain("Zeppelin");
        all.ShouldNotContain("Xylophone");
        all.ShouldNotContain("secret");
    }
}
