using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Telemetry;
using Llama4.Images;
using Llama4.Server.Output;

namespace Llama4.Server.Serving;

/// <summary>The gateway over a model in this process, from start to graceful end.</summary>
internal static class ModelServer
{
    /// <summary>Serves until <paramref name="cancellation"/>, then lets running answers finish within the gateway's limit.</summary>
    /// <param name="imageHosts">Whom the gateway may ask for pictures.</param>
    /// <param name="health">Where probes ask; null for nowhere.</param>
    /// <param name="log">Where the log goes.</param>
    /// <param name="started">Called once with the address, when requests are taken.</param>
    public static async Task RunAsync(
        RunningModel model, ImageHosts imageHosts, PublicDoor door, HealthDoor? health, Action<ILoggingBuilder> log, Terminal terminal, Action<Uri> started,
        CancellationToken cancellation)
    {
        await using var app = Build(model.Names, model.Served, imageHosts, model.Cluster.Client, model.Cluster.Watch, model.Cluster.TokensMax, model.Cluster.Config.VocabSize, door, log, ofMany: false);
        cancellation.ThrowIfCancellationRequested();
        model.Chats?.Open(app.Services);
        if (health is not null)
        {
            health.State = new HealthState(() => null, () => null, () => HealthDoor.NotReady(app));
        }

        started(await app.StartLlama4Async(door.Bind, door.Port)); // to its end, a moment: a start that is broken off is logged as its own failure
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellation.Register(ended.SetResult))
        {
            await ended.Task;
        }

        terminal.Error.WriteLine("stopping: running answers may finish; Ctrl-C again ends them");
        using var hurry = new CancellationTokenSource();
        using var _ = terminal.Interrupts.Redirect(hurry.Cancel);
        await app.StopAsync(hurry.Token);
        if (model.Chats is { } chats)
        {
            await chats.DisposeAsync();
        }
    }

    /// <param name="names">What requests call the model, the first is told.</param>
    /// <param name="ofMany">The cluster is of many hosts: there may be no plan for as long as hosts are missing, and requests are told so.</param>
    public static WebApplication Build(
        IReadOnlyList<string> names, ServedModel served, ImageHosts imageHosts, IGenerationClient client, IClusterWatch watch, int tokensMax, int vocabularySize, PublicDoor door,
        Action<ILoggingBuilder> log, bool ofMany)
    {
        var options = OptionsOf(names, served, imageHosts, tokensMax, vocabularySize, ofMany) with
        {
            ApiKeys = door.ApiKeys,
            CorsOrigins = door.CorsOrigins,
            LogsContent = door.LogsPrompts,
        };

        var builder = WebHosts.NewBuilder(log);
        builder.WebHost.UseLlama4Kestrel(door.Bind, door.Port, options.Limits, door.Tls);
        builder.Services.AddSingleton(client).AddSingleton(watch).AddLlama4Gateway(options);
        var app = builder.Build();
        app.MapLlama4Gateway();
        return app;
    }

    /// <summary>What the gateway must know of the model.</summary>
    /// <inheritdoc cref="Build"/>
    public static GatewayOptions OptionsOf(IReadOnlyList<string> names, ServedModel served, ImageHosts imageHosts, int tokensMax, int vocabularySize, bool ofMany) =>
        new()
        {
            ModelIds = names,
            Tokenizer = served.Tokenizer,
            ChatFormat = served.ChatFormat,
            Tiles = served.Tiles,
            ImageHosts = imageHosts,
            ContextTokensMax = tokensMax,
            VocabularySize = vocabularySize,
            StopIds = served.StopIds,
            Defaults = served.Defaults,
            TakesBeforeReady = !ofMany,
            Limits = ofMany ? new GatewayLimits { ProbesMax = int.MaxValue } : new GatewayLimits(),
        };
}
