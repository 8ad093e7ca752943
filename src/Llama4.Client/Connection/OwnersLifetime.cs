using Microsoft.Extensions.Hosting;

namespace Llama4.Client.Connection;

/// <summary>
/// A silo lives until its owner stops it. The runtime's default listens to the process's signals itself: it would begin to stop the silo
/// under answers that may still finish, and at the Ctrl-C that ends only an answer of a chat.
/// </summary>
internal sealed class OwnersLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
