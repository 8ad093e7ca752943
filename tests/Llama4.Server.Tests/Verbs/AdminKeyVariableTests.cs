using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Verbs;

namespace Llama4.Server.Tests.Verbs;

/// <summary>The operators' key as the environment gives it, which is that of the whole test process.</summary>
[Collection(nameof(AdminKeyVariableTests))]
public sealed class AdminKeyVariableTests : IDisposable
{
    public void Dispose() => Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, null);

    [Theory]
    [InlineData("status")]
    [InlineData("rebalance")]
    [InlineData("drain worker-a1b2")]
    public async Task OperatorsVerb_WithoutAKeyOption_TakesThatOfTheEnvironment(string line)
    {
        await using var admin = await TestAdmin.StartAsync(new ScriptedAdmin());
        Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, TestAdmin.Key);

        var run = await Llama4Run.OfAsync([.. line.Split(' '), "--url", admin.Address.ToString()]);

        run.ExitCode.ShouldBe(CommandLine.Success, run.Error);
    }

    /// <summary>As a Secret made of a file has it; as the value of a header it would be refused.</summary>
    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task OperatorsVerb_WithTheLineEndOfAFileBehindItsKey_TakesTheKey(string lineEnd)
    {
        await using var admin = await TestAdmin.StartAsync(new ScriptedAdmin());
        Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, TestAdmin.Key + lineEnd);

        var run = await Llama4Run.OfAsync("status", "--url", admin.Address.ToString());

        run.ExitCode.ShouldBe(CommandLine.Success, run.Error);
    }

    [Fact]
    public async Task OperatorsVerb_WithAKeyOption_TakesThat()
    {
        await using var admin = await TestAdmin.StartAsync(new ScriptedAdmin());
        Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, "another-key-of-some-length");

        var run = await Llama4Run.OfAsync("status", "--url", admin.Address.ToString(), "--key", TestAdmin.Key);

        run.ExitCode.ShouldBe(CommandLine.Success, run.Error);
    }

    [Fact]
    public async Task Serve_WithAKeyInTheEnvironmentThatIsTooShort_IsOneLineThatDoesNotTellIt()
    {
        Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, "short");

        var run = await Llama4Run.OfAsync("serve", "--cluster", "redis://127.0.0.1:1", "--admin-port", "0");

        run.ShouldFailWith(CommandLine.Usage, "LLAMA4_ADMIN_KEY: expected at least 16 characters, found 5");
        run.Error.ShouldNotContain("short");
    }

    [Fact]
    public async Task Serve_WithAKeyInTheEnvironmentThatItsLineEndMakesLongEnough_IsRefused()
    {
        Environment.SetEnvironmentVariable(ClusterOptions.AdminKeyVariable, "fifteen-letters\n");

        var run = await Llama4Run.OfAsync("serve", "--cluster", "redis://127.0.0.1:1", "--admin-port", "0");

        run.ShouldFailWith(CommandLine.Usage, "LLAMA4_ADMIN_KEY: expected at least 16 characters, found 15");
    }
}

/// <summary>After all others, which expect no key there.</summary>
[CollectionDefinition(nameof(AdminKeyVariableTests), DisableParallelization = true)]
public class AdminKeyVariableCollection;
