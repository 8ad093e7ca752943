using System.Net;
using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Server.Output;

namespace Llama4.Server.Serving;

/// <summary>The gateway over a model in this process, from start to graceful end.</summary>
internal static class ModelServer
{
    /// <summary>Serves until <paramref name="cancellation"/>, then lets running answers finish within the gateway's limit.</summary>
    /// <param name="started">Called once with the address, when requests are taken.</param>
    public static async Task RunAsync(
        RunningModel model, IPAddress bind, int port, Terminal terminal, Action<Uri> started, CancellationToken cancellation)
    {
        await using var app = Build(model.Name, model.Served, model.Cluster.Client, model.Cluster.Watch, model.Cluster.TokensMax, model.Cluster.Config.VocabSize, bind, port, ofMany: false);
        cancellation.ThrowIfCancellationRequested();
        started(await app.StartLlama4Async(bind, port)); // to its end, a moment: a start that is broken off is logged as its own failure
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellation.Register(ended.SetResult))
        {
            await ended.Task;
        }

        terminal.Error.WriteLine("stopping: running answers may finish; Ctrl-C again ends them");
        using var hurry = new CancellationTokenSource();
        using var _ = terminal.Interrupts.Redirect(hurry.Cancel);
        await app.StopAsync(hurry.Token);
    }

    /// <summary>One line an event on stderr: every request, and what is wrong.</summary>
    public static void Log(ILoggingBuilder logging) => logging
        .ClearProviders()
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        })
        .AddFilter("Orleans.Runtime.Silo", LogLevel.Error) // its advice to turn server GC on is for other loads than ours
        .AddFilter((category, level) => level >= (category?.StartsWith("Llama4.", StringComparison.Ordinal) == true ? LogLevel.Information : LogLevel.Warning))
        .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    /// <param name="ofMany">The cluster is of many hosts: there may be no plan for as long as hosts are missing, and requests are told so.</param>
    public static WebApplication Build(
        string name, ServedModel served, IGenerationClient client, IClusterWatch watch, int tokensMax, int vocabularySize, IPAddress bind, int port, bool ofMany)
    {
        var options = new GatewayOptions
        {
            ModelIds = [name],
            Tokenizer = served.Tokenizer,
            ChatFormat = served.ChatFormat,
            Tiles = served.Tiles,
            ContextTokensMax = tokensMax,
            VocabularySize = vocabularySize,
            StopIds = served.StopIds,
            Defaults = served.Defaults,
            TakesBeforeReady = !ofMany,
            Limits = ofMany ? new GatewayLimits { ProbesMax = int.MaxValue } : new GatewayLimits(),
        };

        // The content root is where an appsettings.json would be obeyed: ours, not one of the folder the user happens to be in.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Log(builder.Logging);
        builder.WebHost.UseLlama4Kestrel(bind, port, options.Limits);
        builder.Services.AddSingleton(client).AddSingleton(watch).AddLlama4Gateway(options);
        var app = builder.Build();
        app.MapLlama4Gateway();
        return app;
    }
}
