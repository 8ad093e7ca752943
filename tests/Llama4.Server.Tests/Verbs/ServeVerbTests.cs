using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Output;

namespace Llama4.Server.Tests.Verbs;

public sealed partial class ServeVerbTests
{
    private readonly WatchedWriter _output = new();
    private readonly WatchedWriter _error = new();
    private readonly Interrupts _interrupts = new();

    [Fact]
    public async Task Serve_AsTheDefaultVerb_PrintsItsAddressAnswersAndStopsOnTermination()
    {
        var run = CommandLine.RunAsync(["--port", "0"], Terminal());
        var address = await AddressAsync();

        var chat = await Llama4Run.OfAsync("chat", "What is the capital of France?", "--url", address, "--temperature", "0");
        chat.Output.ShouldBe("The capital of France is Paris.\n", chat.Error);
        using var http = new HttpClient();
        var models = Llama4Run.Parse(await http.GetStringAsync($"{address}/v1/models"));
        models.GetProperty("data")[0].GetProperty("id").GetString().ShouldBe("scout-nano");
        _interrupts.Terminate();

        (await run).ShouldBe(CommandLine.Success);
        await Should.ThrowAsync<HttpRequestException>(() => http.GetStringAsync($"{address}/v1/models"));
    }

    [Fact]
    public async Task Serve_WhatItPrints_IsALineToPasteAndHowToChat()
    {
        var run = CommandLine.RunAsync(["serve", "--port", "0"], Terminal());
        var address = await AddressAsync();
        var curl = CurlLine().Match(_output.ToString());
        _output.ToString().ShouldContain($"chat --url {address}");

        using var http = new HttpClient();
        using var content = new StringContent(curl.Groups["body"].Value, null, "application/json");
        using var response = await http.PostAsync(curl.Groups["url"].Value, content);
        var answer = await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>();
        _interrupts.Interrupt();

        answer.At("choices.0.message.content").GetString().ShouldNotBeNull().ShouldContain("Paris");
        (await run).ShouldBe(CommandLine.Success);
    }

    [Fact]
    public async Task Serve_ByOtherNames_AnswersToEachAndTellsTheFirst()
    {
        var run = CommandLine.RunAsync(["serve", "--port", "0", "--served-model-name", "meta-llama/Nano", "nano"], Terminal());
        var address = await AddressAsync();
        using var http = new HttpClient();

        foreach (var (name, status) in ((string, int)[])[("meta-llama/Nano", 200), ("nano", 200), ("scout-nano", 404)])
        {
            using var response = await http.PostAsJsonAsync($"{address}/v1/completions", new { model = name, prompt = "The", max_tokens = 1 });
            ((int)response.StatusCode).ShouldBe(status, name);
        }

        var models = Llama4Run.Parse(await http.GetStringAsync($"{address}/v1/models")).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        models.ShouldBe(["meta-llama/Nano", "nano"]);
        _output.ToString().ShouldContain("meta-llama/Nano is served at");
        _interrupts.Terminate();
        (await run).ShouldBe(CommandLine.Success);
    }

    [Fact]
    public async Task Serve_WhileAnAnswerRuns_LetsItFinish()
    {
        var run = CommandLine.RunAsync(["serve", "--port", "0"], Terminal());
        var address = await AddressAsync();
        using var http = new HttpClient();
        using var content = new StringContent(
            """{"model":"scout-nano","messages":[{"role":"user","content":"Tell me a story."}],"stream":true,"max_tokens":200,"ignore_eos":true}""", null, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/v1/chat/completions") { Content = content };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        _interrupts.Terminate();

        (await response.Content.ReadAsStringAsync()).TrimEnd().ShouldEndWith("data: [DONE]");
        (await run).ShouldBe(CommandLine.Success);
    }

    [Fact]
    public async Task Serve_ToldToStopWhileItLoads_EndsAsAnyStopDoes()
    {
        var run = CommandLine.RunAsync(["serve", "--port", "0"], Terminal());

        _interrupts.Terminate();

        (await run).ShouldBe(CommandLine.Success);
        _error.ToString().ShouldBe("");
    }

    [Fact]
    public async Task Serve_AtAPortInUse_IsOneLineBeforeAnythingIsLoaded()
    {
        await using var other = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        var port = other.Http.BaseAddress!.Port;

        var run = await Llama4Run.OfAsync("serve", "--port", $"{port}", "--model", "/there/is/none");

        run.ShouldFailWith(CommandLine.Failure, $"Port {port} of 127.0.0.1 is in use");
    }

    [Theory]
    [InlineData("--model /there/is/none", CommandLine.Failure, "/there/is/none")]
    [InlineData("--port 70000", CommandLine.Usage, "--port: expected 0 to 65535, found 70000")]
    [InlineData("--bind nowhere", CommandLine.Usage, "--bind: expected an address like 127.0.0.1 or 0.0.0.0, found 'nowhere'")]
    [InlineData("--threads 0", CommandLine.Usage, "--threads: expected 1 to 1024, found 0")]
    [InlineData("--kv-memory lots", CommandLine.Usage, "--kv-memory: expected a size like 512MiB or 4GB, found 'lots'")]
    [InlineData("--served-model-name a\"b", CommandLine.Usage, "--served-model-name: expected a name of at most 1024 characters without quotes, found 'a\"b'")]
    [InlineData("--kv-memory 1KiB --port 0", CommandLine.Failure, "1024")]
    public async Task Serve_OfWhatCannotBe_IsOneLine(string options, int exitCode, string message) =>
        (await Llama4Run.OfAsync(["serve", .. options.Split(' ')])).ShouldFailWith(exitCode, message);

    private Terminal Terminal() => new() { Input = TextReader.Null, Output = _output, Error = _error, Interrupts = _interrupts };

    private async Task<string> AddressAsync()
    {
        await _output.Shows("Ctrl-C");
        return Address().Match(_output.ToString()).Value;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();

    [GeneratedRegex(@"curl (?<url>\S+) -H '[^']*' -d '(?<body>[^']*)'")]
    private static partial Regex CurlLine();
}
