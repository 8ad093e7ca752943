namespace Llama4.Deploy.Tests.Image;

/// <summary>Options of serve that deploy/ uses and a program that is built without them does not know.</summary>
internal static class NotYetHere
{
    public static async Task RequireAsync(params string[] options)
    {
        var help = (await Command.RunAsync(TimeSpan.FromMinutes(1), "dotnet", typeof(Llama4.Server.CommandLine).Assembly.Location, "serve", "--help")).Output;
        Assert.SkipWhen(options.FirstOrDefault(option => !help.Contains(option)) is { } missing, $"this llama4 has no {options.FirstOrDefault(option => !help.Contains(option))}");
    }
}
