namespace Llama4.Server.Output;

/// <summary>How to start this program again, as a line to paste.</summary>
internal static class OwnCommand
{
    /// <summary><c>llama4</c> where the shell finds it, else the path of the executable.</summary>
    public static string Text { get; } = Find();

    /// <summary>How to start this program again as a process: a file, and what stands before its own arguments.</summary>
    public static (string File, string[] First) Executable
    {
        get
        {
            var host = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "llama4.exe" : "llama4");
            return File.Exists(host) ? (host, [])
                : Environment.ProcessPath is { } process && Path.GetFileNameWithoutExtension(process) == "llama4" ? (process, [])
                : ("dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll")]);
        }
    }

    private static string Find()
    {
        if (OnPath("llama4"))
        {
            return "llama4";
        }

        var process = Environment.ProcessPath ?? "llama4";
        return Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? $"dotnet {Path.Combine(AppContext.BaseDirectory, "llama4.dll")}"
            : process;
    }

    private static bool OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, name)) || File.Exists(Path.Combine(folder, name + ".exe")));
}
