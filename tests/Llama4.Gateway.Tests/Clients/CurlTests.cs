using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Clients;

/// <summary>curl, over HTTP/1.1 and over HTTP/2 without TLS.</summary>
public class CurlTests
{
    private const string Question = """{"model":"scout-nano","messages":[{"role":"user","content":"What is the capital of France?"}]""";

    [Theory]
    [InlineData("--http1.1", "1.1")]
    [InlineData("--http2-prior-knowledge", "2")]
    public async Task Curl_GetsAnswerAndStream(string version, string told)
    {
        ClientProcess.Require("curl");
        await using var gateway = await ClientScript.StartAsync();

        var whole = await CurlAsync(gateway, version, Question + "}");
        var stream = await CurlAsync(gateway, version, Question + ",\"stream\":true}", "--no-buffer");

        whole.ShouldEndWith($"\n200 {told}");
        Json.Parse(whole[..whole.LastIndexOf('\n')]).At("choices.0.message.content").GetString().ShouldBe(ClientScript.Text);
        stream.ShouldEndWith($"data: [DONE]\n\n\n200 {told}");
    }

    [Fact]
    public async Task Curl_WhenItAsksForAnUpgrade_IsAnsweredInTheVersionItSpeaks()
    {
        ClientProcess.Require("curl");
        await using var gateway = await ClientScript.StartAsync();

        var answer = await CurlAsync(gateway, "--http2", Question + "}"); // Upgrade: h2c, which RFC 9113 has taken back

        answer.ShouldEndWith("\n200 1.1");
    }

    private static async Task<string> CurlAsync(TestGateway gateway, params string[] arguments)
    {
        string[] all =
        [
            "--silent", "--show-error", "--max-time", "60", arguments[0], .. arguments[2..], "-H", "Content-Type: application/json", "-d", arguments[1],
            "-w", "\n%{http_code} %{http_version}", new Uri(gateway.Http.BaseAddress!, "v1/chat/completions").ToString(),
        ];
        var (exitCode, output) = await ClientProcess.RunAsync("curl", Path.GetTempPath(), all);
        exitCode.ShouldBe(0, output);
        return output;
    }
}
