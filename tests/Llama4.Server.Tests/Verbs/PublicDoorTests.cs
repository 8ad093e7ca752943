using System.Net;
using Llama4.Gateway.Keys;
using Llama4.Server.Serving;

namespace Llama4.Server.Tests.Verbs;

public sealed class PublicDoorTests
{
    [Theory]
    [InlineData("--tls-cert x.pem", CommandLine.Usage, "--tls-cert and --tls-key go together")]
    [InlineData("--tls-cert x.pem --tls-key y.pem", CommandLine.Failure, "expected a certificate in x.pem and its key in y.pem")]
    [InlineData("--cors-origins app.example", CommandLine.Usage, "--cors-origins: expected origins like https://app.example:8443, or '*', found 'app.example'")]
    [InlineData("--cors-origins https://app.example/", CommandLine.Usage, "found 'https://app.example/'")]
    [InlineData("--api-keys /there/is/none", CommandLine.Failure, "expected a file of API keys at /there/is/none")]
    [InlineData("--api-keys /dev/null", CommandLine.Failure, "/dev/null: expected at least one key, found none")]
    public async Task Serve_OfWhatCannotBe_IsOneLine(string options, int exitCode, string message) =>
        (await Llama4Run.OfAsync(["serve", "--port", "0", .. options.Split(' ')])).ShouldFailWith(exitCode, message);

    [Theory]
    [InlineData("0.0.0.0", false, true)]
    [InlineData("0.0.0.0", true, false)]
    [InlineData("127.0.0.1", false, false)]
    [InlineData("::1", false, false)]
    public void Door_OpenToOthersWithoutKeys_IsWarnedOf(string bind, bool hasKeys, bool isWarned)
    {
        var keys = hasKeys ? ApiKeys.OfText(ApiKeyText.Write(new ApiKey("a", ApiKey.DigestOf(ApiKey.Fresh()), new KeyLimits())), "x") : null;
        var warnings = new List<string>();
        new PublicDoor(IPAddress.Parse(bind), 8080) { ApiKeys = keys }.Check(warnings.Add);
        warnings.Count.ShouldBe(isWarned ? 1 : 0);
    }

    /// <summary>The real program as a process of its own: everything it writes is looked through, of answers, refusals, mistakes and a shutdown.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Output_OfAWholeRun_HasNoKeyAndNoContentUnlessAskedFor(bool logsPrompts)
    {
        using var folder = new TestFolder();
        var (key, unknown) = (ApiKey.Fresh(), ApiKey.Fresh());
        var keys = folder.Write("keys.jsonl", ApiKeyText.Write(new ApiKey("alice", ApiKey.DigestOf(key), new KeyLimits())) + "\n");
        string[] options = ["--api-keys", keys, .. logsPrompts ? ["--log-prompts"] : Array.Empty<string>()];
        await using var served = await ServedProcess.StartAsync(options);
        const string Question = "What is the capital of Spain?";

        var chat = await Llama4Run.OfAsync("chat", Question, "--url", served.Address, "--key", key, "--temperature", "0");
        chat.Output.ShouldBe("The capital of Spain is Madrid.\n", chat.Error);
        (await Llama4Run.OfAsync("chat", Question, "--url", served.Address, "--key", unknown)).ShouldFailWith(CommandLine.Failure, "the server answered 401: The API key is not known here");
        using var http = new HttpClient { BaseAddress = new Uri(served.Address) };
        foreach (var (header, path, body) in new[]
        {
            (key, "/v1/chat/completions", """{"model":"Zeppelin","messages":[{"role":"user","content":"Zeppelin"}]}"""),
            (key, "/v1/chat/completions", """{"model":"scout-nano","messages":[{"role":"user","content":"Zeppelin"}],"stop":["Zeppelin"],"seed":"Zeppelin"}"""),
            (key, "/v1/completions", "{\"model\":\"scout-nano\",\"prompt\":\"Zeppelin\""),
            (key, "/v1/completions", """{"model":"scout-nano","prompt":"Zeppelin","max_tokens":100000000}"""),
            (unknown, $"/v1/Zeppelin?key={unknown}", "{}"),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, "application/json") };
            request.Headers.Add("x-api-key", header);
            using var response = await http.SendAsync(request);
            response.IsSuccessStatusCode.ShouldBeFalse();
        }

        File.WriteAllText(keys, key); // a mistake that is easily made: it is told of, and the key is not repeated
        await served.WritesAsync("API keys stay as they were");
        var written = await served.StopAsync();

        written.ShouldContain("caller alice status 200");
        written.ShouldNotContain(key);
        written.ShouldNotContain(unknown);
        written.Contains("capital of Spain?").ShouldBe(logsPrompts, written);
        written.Contains("is Madrid").ShouldBe(logsPrompts, written);
        written.ShouldNotContain("Zeppelin"); // of requests that were refused: nothing was asked of the model
    }
}
