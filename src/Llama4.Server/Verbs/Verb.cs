using System.CommandLine;

namespace Llama4.Server.Verbs;

/// <summary>The headings under which the help text lists the verbs.</summary>
internal enum VerbGroup
{
    Serving,
    Models,
    ComparingEngines,
}

/// <param name="Group">Its heading in <c>llama4 --help</c>.</param>
/// <param name="Command">Name, options and action.</param>
/// <param name="Examples">Command lines to paste, shown by <c>llama4 VERB --help</c>.</param>
internal sealed record Verb(VerbGroup Group, Command Command, params string[] Examples);
