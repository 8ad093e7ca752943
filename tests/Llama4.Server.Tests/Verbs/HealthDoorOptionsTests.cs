namespace Llama4.Server.Tests.Verbs;

public class HealthDoorOptionsTests
{
    [Theory]
    [InlineData("--health-bind needs --health-port", "serve", "--health-bind", "0.0.0.0")]
    [InlineData("--health-bind: expected an address like 127.0.0.1 or 0.0.0.0, found 'here'", "serve", "--health-port", "0", "--health-bind", "here")]
    [InlineData("--health-port: expected 0 to 65535, found 70000", "serve", "--health-port", "70000")]
    [InlineData("--log-format: expected text or json, found 'xml'", "serve", "--log-format", "xml")]
    public async Task Serve_WithOptionsThatAreWrong_SaysSo(string error, params string[] arguments)
    {
        var run = await Llama4Run.OfAsync(arguments);
        run.ShouldFailWith(CommandLine.Usage, error);
    }
}
