using Llama4.Cluster;
using Llama4.Gateway.Doors;
using Llama4.Server.Output;
using Llama4.Server.Verbs;

namespace Llama4.Server.Serving;

/// <summary>A model at work in this process: its cluster, and what stands between that and its users.</summary>
/// <param name="Names">What requests call it, the first is told.</param>
internal sealed record RunningModel(IReadOnlyList<string> Names, ServedModel Served, EmbeddedCluster Cluster) : IAsyncDisposable
{
    public string Name => Names[0];

    /// <summary>For clients without HTTP, to be opened by who serves; null for none.</summary>
    public ChatDoor? Chats { get; private init; }

    /// <summary>Loads the model, with a bar where a person watches.</summary>
    /// <param name="logging">Where the cluster's warnings go; null for nowhere.</param>
    /// <param name="clientPort">Of loopback, for clients without HTTP; 0 for none.</param>
    public static async Task<RunningModel> StartAsync(
        ModelChoice choice, Terminal terminal, Action<ILoggingBuilder>? logging, CancellationToken cancellation, int clientPort = 0)
    {
        var served = ServedModel.Load(choice.Directory, choice.ChatDialect, terminal.Warn); // first: it is read in a moment, and may be what is wrong
        var chats = clientPort > 0 ? new ChatDoor() : null;
        Func<EmbeddedClusterOptions, EmbeddedClusterOptions> change = options => options with
        {
            Logging = logging,
            ClientPort = clientPort,
            Services = chats is null ? null : services => services.AddSingleton(chats),
        };
        return new RunningModel(choice.ServedNames, served, await StartClusterAsync(choice, terminal, change, cancellation)) { Chats = chats };
    }

    /// <summary>Loads the cluster alone, which needs no tokenizer.</summary>
    public static Task<EmbeddedCluster> StartClusterAsync(
        ModelChoice choice, Terminal terminal, Func<EmbeddedClusterOptions, EmbeddedClusterOptions> change, CancellationToken cancellation)
    {
        var options = change(new EmbeddedClusterOptions { ModelDirectory = choice.Directory, Threads = choice.Threads, KvBytes = choice.KvBytes });
        return ProgressLine.RunAsync(
            terminal,
            $"loading {choice.Name}",
            progress => EmbeddedCluster.StartAsync(options, new Reported(progress), cancellation));
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
