return await Llama4.LoadTest.CommandLine.RunAsync(args, Console.Out, Console.Error);
