using System.CommandLine;
using System.Net;
using Llama4.Gateway.Hosting;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary>The port of <c>serve</c> for probes and scrapers (docs/decisions/health.md).</summary>
internal sealed class HealthDoorOptions
{
    private readonly Option<int?> _port = new("--health-port")
    {
        Description = "Port of /health/live, /health/started, /health/ready and /metrics without keys, of any process, gateway or not; 0 for a free one. Default: none.",
        HelpName = "N",
    };

    private readonly Option<IPAddress> _bind = new("--health-bind")
    {
        Description = "Address of --health-port; 0.0.0.0 for every one of this machine.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => IPAddress.Loopback,
        CustomParser = result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out var address))
            {
                return address;
            }

            result.AddError($"--health-bind: expected an address like 127.0.0.1 or 0.0.0.0, found '{result.Tokens[0].Value}'");
            return IPAddress.Loopback;
        },
    };

    public HealthDoorOptions() => _port.Within(0, 65535);

    public void AddTo(Command command)
    {
        command.Add(_port);
        command.Add(_bind);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_bind) is { Implicit: false } && result.GetResult(_port) is null or { Implicit: true })
            {
                result.AddError("--health-bind needs --health-port");
            }
        });
    }

    /// <param name="state">Until there is more to ask.</param>
    /// <returns>Null where none is asked for.</returns>
    /// <exception cref="Llama4.Gateway.ListenException">The address can't be listened at; one line.</exception>
    public async Task<HealthDoor?> OpenAsync(ParseResult parsed, HealthState state, Terminal terminal, Action<ILoggingBuilder> log)
    {
        if (parsed.GetValue(_port) is not { } port)
        {
            return null;
        }

        var door = await HealthDoor.OpenAsync(parsed.GetRequiredValue(_bind), port, state, log); // to its end, a moment: one that is broken off is logged as a failure
        terminal.Output.WriteLine($"probes: {door.Address}health/ready, scrapers: {door.Address}metrics");
        terminal.Output.Flush();
        return door;
    }
}
