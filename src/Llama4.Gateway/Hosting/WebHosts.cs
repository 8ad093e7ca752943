using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>What all web hosts of a process begin with.</summary>
public static class WebHosts
{
    /// <summary>A host that reads no settings of the folder the user happens to be in, and that only its owner stops.</summary>
    /// <param name="log">Where its log goes.</param>
    public static WebApplicationBuilder NewBuilder(Action<ILoggingBuilder> log)
    {
        // The content root is where an appsettings.json would be obeyed.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        log(builder.Logging);
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        return builder;
    }

    /// <summary>The runtime's default listens to the process's signals itself: one that comes while the host starts would break that off, and be logged as its failure.</summary>
    private sealed class OwnersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
