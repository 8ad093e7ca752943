using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Arguments of a container or a unit, read by the program's own command line.</summary>
internal static class ServeArguments
{
    private static readonly Command Serve = ServeVerb.Create(new Terminal { Input = TextReader.Null, Output = TextWriter.Null, Error = TextWriter.Null }).Command;

    /// <summary>What the command line says against them; the store of the environment is given as the option that it stands for.</summary>
    public static IEnumerable<string> Errors(Workload workload) =>
        Errors(workload.Arguments, workload.Environment.GetValueOrDefault(ClusterOptions.StoreVariable, "")).Select(error => $"{workload.Name}: {error}");

    /// <param name="store">Null where the environment names none.</param>
    public static IEnumerable<string> Errors(IReadOnlyList<string> arguments, string? store)
    {
        if (arguments is not ["serve", ..])
        {
            return ["it does not run serve"];
        }

        string[] options = [.. arguments.Skip(1), .. store is null ? [] : (string[])["--cluster", store]];
        return Serve.Parse(options).Errors.Select(error => error.Message);
    }

    /// <summary>A default of the program, as text.</summary>
    public static string? Default(string option) =>
        Serve.Parse([]).GetResult(Serve.Options.Single(one => one.Name == option)) is { } result ? $"{result.GetValueOrDefault<object>()}" : null;
}
