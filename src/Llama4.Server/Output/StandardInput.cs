using System.Text;

namespace Llama4.Server.Output;

/// <summary>
/// The process's standard input, which may be closed (<c>&lt;&amp;-</c>). Its number then goes to the next file that the runtime opens for itself, and who
/// reads from it waits for ever: such an input is empty.
/// </summary>
internal static class StandardInput
{
    /// <summary>O_CLOEXEC of Linux on all processors that .NET runs on.</summary>
    private const int ClosesOnExec = 0x80000;

    public static TextReader Open(Encoding encoding) =>
        IsClosed() ? TextReader.Null
        : Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), encoding)
        : Console.In;

    /// <summary>
    /// What a process inherits does not close on exec, or it would not be here; the runtime opens its own files so that they do. On Linux only: elsewhere
    /// nobody tells, and an input counts as open.
    /// </summary>
    private static bool IsClosed()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/proc/self/fdinfo"))
        {
            return false;
        }

        try
        {
            var flags = File.ReadLines("/proc/self/fdinfo/0").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & ClosesOnExec) != 0;
        }
        catch (FileNotFoundException)
        {
            return true; // nobody has taken the number yet
        }
    }
}
