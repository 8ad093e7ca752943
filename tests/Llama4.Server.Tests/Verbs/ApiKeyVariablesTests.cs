using System.CommandLine;
using System.Net;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Serving;
using Llama4.Server.Verbs;

namespace Llama4.Server.Tests.Verbs;

/// <summary>API keys as the environment gives them, which is that of the whole test process: alone, with the other tests of it.</summary>
[Collection(nameof(AdminKeyVariableTests))]
public sealed class ApiKeyVariablesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose()
    {
        foreach (var name in (string[])[PublicDoorOptions.KeysVariable, PublicDoorOptions.KeysFileVariable, AnswererOptions.KeyVariable])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        _folder.Dispose();
    }

    [Fact]
    public void Keys_OfTheEnvironment_AreTheFileItNamesElseItsText()
    {
        Read("").ApiKeys.ShouldBeNull();

        Environment.SetEnvironmentVariable(PublicDoorOptions.KeysVariable, Line("text"));
        Names(Read("")).ShouldBe("text");
        Environment.SetEnvironmentVariable(PublicDoorOptions.KeysFileVariable, _folder.Write("file", Line("file")));
        Names(Read("")).ShouldBe("file");
        Names(Read($"--api-keys {_folder.Write("option", Line("option"))}")).ShouldBe("option");

        static string Names(PublicDoor door) => string.Join(',', door.ApiKeys!.Keys.Select(key => key.Name));
    }

    [Fact]
    public void Keys_OfTheEnvironmentThatAreNone_AreOneLineThatNamesIt()
    {
        Environment.SetEnvironmentVariable(PublicDoorOptions.KeysVariable, "hunter2");
        var error = Should.Throw<InvalidDataException>(() => Read(""));
        error.Message.ShouldStartWith("LLAMA4_API_KEYS: expected objects like");
        error.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task Chat_WithoutAKeyOption_TakesThatOfTheEnvironment()
    {
        var key = ApiKey.Fresh();
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Saying("Hello."),
            options => options with { ApiKeys = ApiKeys.OfText(ApiKeyText.Write(new ApiKey("alice", ApiKey.DigestOf(key), new KeyLimits())), "text") });
        var url = gateway.Http.BaseAddress!.ToString();
        (await Llama4Run.OfAsync("chat", "Hi", "--url", url)).ShouldFailWith(CommandLine.Failure, "the server answered 401: An API key is needed");

        Environment.SetEnvironmentVariable(AnswererOptions.KeyVariable, key);
        (await Llama4Run.OfAsync("chat", "Hi", "--url", url)).Output.ShouldBe("Hello.\n");
        Environment.SetEnvironmentVariable(AnswererOptions.KeyVariable, key + "\n"); // of a file
        (await Llama4Run.OfAsync("chat", "Hi", "--url", url)).Output.ShouldBe("Hello.\n");
    }

    [Fact]
    public async Task Chat_WithAKeyButNoServer_IsOneLine() =>
        (await Llama4Run.OfAsync("chat", "Hi", "--key", "x")).ShouldFailWith(CommandLine.Usage, "--key needs --url");

    private static string Line(string name) => ApiKeyText.Write(new ApiKey(name, ApiKey.DigestOf(ApiKey.Fresh()), new KeyLimits()));

    private static PublicDoor Read(string line)
    {
        var command = new Command("serve");
        var options = new PublicDoorOptions();
        options.AddTo(command);
        return options.Read(command.Parse(line), IPAddress.Loopback, 8080);
    }
}
