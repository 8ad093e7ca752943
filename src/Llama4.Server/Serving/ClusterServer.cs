using System.Net;
using System.Security.Cryptography;
using Llama4.Cluster;
using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Gateway.Admin;
using Llama4.Gateway.Doors;
using Llama4.Gateway.Hosting;
using Llama4.Model;
using Llama4.Images;
using Llama4.Server.Output;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Serving;

/// <summary>What a process of a cluster listens at, beside its port between hosts.</summary>
/// <param name="Public">The gateway's; null where this host has none.</param>
/// <param name="AdminPort">Of the operators' interface, on loopback; null for none.</param>
/// <param name="AdminKey">Null makes one and prints it.</param>
internal sealed record ClusterDoors(PublicDoor? Public, int? AdminPort, string? AdminKey)
{
    /// <summary>What requests call the model, the first is told.</summary>
    public IReadOnlyList<string> ServedNames { get; init; } = [];

    /// <summary>How tools are written into prompts; null as the checkpoint's chat template says.</summary>
    public ChatDialect? ChatDialect { get; init; }

    /// <summary>Whom the gateway may ask for pictures.</summary>
    public ImageHosts ImageHosts { get; init; } = ImageHosts.None;

    /// <summary>Where probes ask, open already; null for nowhere.</summary>
    public HealthDoor? Health { get; init; }

    public Action<ILoggingBuilder> Log { get; init; } = LogSetup.As(LogFormat.Text);
}

/// <summary>One process of a cluster, from joining to leaving.</summary>
internal static class ClusterServer
{
    /// <summary>A drain takes as long as others need to load what this host owns.</summary>
    internal static readonly TimeSpan LeaveLimit = TimeSpan.FromMinutes(5);

    /// <summary>Answers of clients without HTTP that take longer go on elsewhere.</summary>
    internal static readonly TimeSpan ChatLimit = TimeSpan.FromSeconds(20);

    private const int KeyBytes = 24;

    /// <summary>Serves until <paramref name="cancellation"/>; then running answers finish, and what this host owns moves to others.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ClusterHostOptions options, ClusterDoors doors, Terminal terminal, CancellationToken cancellation)
    {
        doors.Public?.Check(terminal.Warn);
        var served = Served(options, doors, terminal); // first: it may be what is wrong
        await using var chats = new ChatDoor();
        await using var host = await BrokenStart.NullAsync(
            ClusterHost.StartAsync(options with { Logging = doors.Log, Services = services => services.AddSingleton(chats) }, progress: null, cancellation), cancellation);
        if (host is null)
        {
            return CommandLine.Success;
        }

        terminal.Output.WriteLine(host.Id is { } id
            ? $"{id} has joined cluster {options.ClusterId} at {options.Redis.GetComponents(UriComponents.Host | UriComponents.Port, UriFormat.Unescaped)}: roles {RoleList.Text(options.Roles)}, {ByteSize.Format(host.MemoryBytes)} of memory, other hosts reach it at {host.Address}"
            : $"a gateway of cluster {options.ClusterId}, without a host of its own");
        // Doors open to their end, a moment: a start that is broken off is logged as its own failure, and this host has joined and is to leave in order.
        await using var admin = await StartAdminAsync(host, doors, terminal);
        await using var gateway = served is null || doors.Public is null ? null : ModelServer.Build(
            doors.ServedNames, served, doors.ImageHosts, host.Client, host.Watch, host.TokensMax, host.Config.VocabSize, doors.Public, doors.Log, ofMany: true);
        if (gateway is not null)
        {
            var url = await gateway.StartLlama4Async(doors.Public!.Bind, doors.Public.Port);
            terminal.Output.WriteLine($"{doors.ServedNames[0]} is served at {url.ToString().TrimEnd('/')} as soon as {url.ToString().TrimEnd('/')}/health/ready says so");
        }

        if (doors.Health is { } health)
        {
            health.State = new HealthState(
                () => host.Health.NotLive, () => host.Health.NotStarted, () => host.Health.NotReady ?? (gateway is null ? host.Health.Drained : HealthDoor.NotReady(gateway)));
        }

        if (gateway is not null)
        {
            chats.Open(gateway.Services);
        }
        else if (served is not null)
        {
            chats.Open(ModelServer.OptionsOf(doors.ServedNames, served, doors.ImageHosts, host.TokensMax, host.Config.VocabSize, ofMany: true), host.Client, doors.Log);
        }

        terminal.Output.Flush();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onEnd = cancellation.Register(ended.SetResult);
        if (await Task.WhenAny(ended.Task, host.Lost) == host.Lost)
        {
            terminal.Error.WriteLine($"error: {await host.Lost}");
            return CommandLine.Failure;
        }

        if (doors.Health is { } leaving)
        {
            leaving.State = leaving.State with { Ready = () => "the process is leaving its cluster" };
        }

        await LeaveAsync(host, gateway, chats, terminal);
        return CommandLine.Success;
    }

    /// <summary>Any host serves chats of clients without HTTP, as far as it can: one that has no gateway may have a checkpoint without a tokenizer.</summary>
    private static ServedModel? Served(ClusterHostOptions options, ClusterDoors doors, Terminal terminal)
    {
        try
        {
            return ServedModel.Load(options.ModelDirectory, doors.ChatDialect, terminal.Warn);
        }
        catch (Exception error) when (doors.Public is null && error is (TokenizerFormatException or CheckpointException))
        {
            terminal.Warn($"this host serves no chats: {error.Message}");
            return null;
        }
    }

    private static async Task LeaveAsync(ClusterHost host, WebApplication? gateway, ChatDoor chats, Terminal terminal)
    {
        terminal.Error.WriteLine("leaving: running answers may finish and what this host owns moves to others; Ctrl-C again leaves at once");
        using var hurry = new CancellationTokenSource();
        using var _ = terminal.Interrupts.Redirect(hurry.Cancel);
        if (gateway is not null)
        {
            await gateway.StopAsync(hurry.Token);
        }

        await chats.CloseAsync(ChatLimit, hurry.Token);

        await host.LeaveAsync(LeaveLimit, hurry.Token);
    }

    private static async Task<WebApplication?> StartAdminAsync(ClusterHost host, ClusterDoors doors, Terminal terminal)
    {
        if (doors.AdminPort is not { } port)
        {
            return null;
        }

        var key = doors.AdminKey ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));
        var builder = WebHosts.NewBuilder(doors.Log);
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, port, new GatewayLimits());
        builder.Services.AddSingleton(host.Admin).AddLlama4Admin(key);
        var app = builder.Build();
        app.MapLlama4Admin();
        var url = await app.StartLlama4Async(IPAddress.Loopback, port);
        terminal.Output.WriteLine($"operators: {OwnCommand.Text} status --url {url.ToString().TrimEnd('/')}{(doors.AdminKey is null ? $" --key {key}" : "")}");
        return app;
    }
}
