using System.CommandLine;
using System.CommandLine.Parsing;
using Llama4.Server.Output;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Verbs;

/// <summary>What the verbs that load a model ask: which, and how much of the machine it may have.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = "A checkpoint in the Hugging Face layout (config.json, safetensors, tokenizer). Default: the bundled scout-nano.",
        HelpName = "DIR",
    };

    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Compute threads. Default: one for each core.",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<long?> _kvMemory = new("--kv-memory")
    {
        Description = "Bytes for keys and values, like 512MiB or 4GB. Default: what the model's context asks for, at most 1GiB.",
        HelpName = "SIZE",
        CustomParser = ParseSize,
    };

    public ModelOptions() => _threads.Within(1, 1024);

    public void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_threads);
        command.Add(_kvMemory);
    }

    /// <summary>One of them stands on the command line.</summary>
    public bool IsGiven(CommandResult result) =>
        new Option[] { _model, _threads, _kvMemory }.Any(option => result.GetResult(option) is { Implicit: false });

    public ModelChoice Read(ParseResult parsed) =>
        new(parsed.GetValue(_model) ?? BundledModel.Directory, parsed.GetValue(_threads), parsed.GetValue(_kvMemory));

    private static long? ParseSize(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!ByteSize.TryParse(text, out var bytes))
        {
            result.AddError($"--kv-memory: expected a size like 512MiB or 4GB, found '{text}'");
        }

        return bytes;
    }
}

/// <param name="Directory">The checkpoint.</param>
/// <param name="Threads">Of the device.</param>
/// <param name="KvBytes">Null leaves it to the cluster.</param>
internal sealed record ModelChoice(string Directory, int Threads, long? KvBytes)
{
    /// <summary>How tools are written into prompts; null as the checkpoint's chat template says.</summary>
    public ChatDialect? ChatDialect { get; init; }

    /// <summary>What requests call it, the first is told; the checkpoint's name where nothing else is said.</summary>
    public IReadOnlyList<string> ServedNames
    {
        get => field ?? [Name];
        init;
    }

    /// <summary>The checkpoint's name, for people.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Directory)));
}
