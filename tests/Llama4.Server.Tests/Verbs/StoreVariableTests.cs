using System.CommandLine;
using Llama4.Server.Serving;
using Llama4.Server.Verbs;

namespace Llama4.Server.Tests.Verbs;

/// <summary>The store's address as the environment gives it, which is that of the whole test process: alone, with the other tests of it.</summary>
[Collection(nameof(AdminKeyVariableTests))]
public sealed class StoreVariableTests : IDisposable
{
    public void Dispose() => Environment.SetEnvironmentVariable(ClusterOptions.StoreVariable, null);

    /// <summary>A manifest puts the password into the address, and it may be of a file that ends in a line end.</summary>
    [Theory]
    [InlineData("redis://:secret@store:6379")]
    [InlineData("redis://:secret\n@store:6379")]
    [InlineData("redis://:secret\r\n@store:6379\n")]
    public void Store_OfTheEnvironment_IsWithoutLineEnds(string text)
    {
        Environment.SetEnvironmentVariable(ClusterOptions.StoreVariable, text);
        var command = new Command("serve");
        var options = new ClusterOptions();
        options.AddTo(command);

        options.Read(command.Parse(""), new ModelChoice("dir", 1, 4096)).Redis.ShouldBe(new Uri("redis://:secret@store:6379"));
    }
}
