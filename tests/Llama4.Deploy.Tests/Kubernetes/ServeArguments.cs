using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Arguments of a container, read by the program's own command line.</summary>
internal static class ServeArguments
{
    private static readonly Command Serve = ServeVerb.Create(new Terminal { Input = TextReader.Null, Output = TextWriter.Null, Error = TextWriter.Null }).Command;

    /// <summary>What the command line says against them; the store of the environment is given as the option that it stands for.</summary>
    public static IEnumerable<string> Errors(Workload workload)
    {
        var arguments = workload.Arguments;
        if (arguments is not ["serve", ..])
        {
            return [$"{workload.Name} does not run serve"];
        }

        string[] options = [.. arguments.Skip(1), "--cluster", workload.Environment.GetValueOrDefault(ClusterOptions.StoreVariable, "")];
        return Serve.Parse(options).Errors.Select(error => $"{workload.Name}: {error.Message}");
    }

    /// <summary>A default of the program, as text.</summary>
    public static string? Default(string option) =>
        Serve.Parse([]).GetResult(Serve.Options.Single(one => one.Name == option)) is { } result ? $"{result.GetValueOrDefault<object>()}" : null;
}
