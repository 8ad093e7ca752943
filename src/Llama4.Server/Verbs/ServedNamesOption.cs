using System.CommandLine;

namespace Llama4.Server.Verbs;

/// <summary><c>--served-model-name</c>: what requests call the model.</summary>
internal sealed class ServedNamesOption
{
    /// <summary>Many times the longest that hubs allow.</summary>
    private const int CharsMax = 1024;

    public ServedNamesOption() => Option = new Option<string[]>("--served-model-name")
    {
        Description = "What requests call the model: any of these, and the first is told. Default: the checkpoint's folder.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            string[] names = [.. result.Tokens.Select(token => token.Value).Distinct()];
            if (names.FirstOrDefault(name => !IsName(name)) is { } none)
            {
                result.AddError($"--served-model-name: expected a name of at most {CharsMax} characters without quotes, found '{none}'");
            }

            return names;
        },
    };

    public Option<string[]> Option { get; }

    /// <summary>It stands in commands to paste, inside of both kinds of quotes.</summary>
    private static bool IsName(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= CharsMax && !text.Any(c => char.IsControl(c) || c is '\'' or '"' or '\\');

    /// <summary>Null where the command line has none.</summary>
    public IReadOnlyList<string>? Read(ParseResult parsed) => parsed.GetValue(Option) is { Length: > 0 } names ? names : null;
}
