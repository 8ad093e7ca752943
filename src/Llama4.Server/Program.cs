using Llama4.Server;
using Llama4.Server.Output;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
