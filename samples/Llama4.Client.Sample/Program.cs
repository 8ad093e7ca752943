using Llama4.Client;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

await using var services = new ServiceCollection()
    .AddLlama4Client(args[0]) // redis://HOST:6379, or tcp://127.0.0.1:30000 after "llama4 serve --client-port 30000"
    .BuildServiceProvider();
var chat = services.GetRequiredService<IChatClient>();
await foreach (var update in chat.GetStreamingResponseAsync("What is the capital of France?"))
    Console.Write(update);
