using System.CommandLine;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Verbs;

/// <summary>The option that names a chat dialect.</summary>
internal sealed class ChatDialectOption
{
    /// <summary>What verbs with a model call it.</summary>
    public const string Name = "--chat-dialect";

    public ChatDialectOption(string name, string description, params string[] aliases)
    {
        Option = new Option<string?>(name, aliases)
        {
            Description = $"{description} One of {string.Join(", ", ChatDialects.Names)}.",
            HelpName = "NAME",
        };
        Option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && ChatDialects.Find(value) is null)
            {
                result.AddError($"{name}: expected {string.Join(", ", ChatDialects.Names)}, found '{value}'");
            }
        });
    }

    /// <summary>As verbs with a model have it.</summary>
    public static ChatDialectOption OfModel() => new(Name, "How tools are written into prompts. Default: as the checkpoint's chat template says.");

    public Option<string?> Option { get; }

    /// <summary>Null where the option is not given.</summary>
    public ChatDialect? Read(ParseResult parsed) => parsed.GetValue(Option) is { } name ? ChatDialects.Find(name) : null;
}
