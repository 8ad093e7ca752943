namespace Llama4.Tokenization.ToolCalls;

/// <summary>White space of calls: blank, tab, line feed and carriage return.</summary>
internal static class Space
{
    public static readonly char[] All = [' ', '\t', '\n', '\r'];

    public static bool Is(char unit) => unit is ' ' or '\t' or '\n' or '\r';
}
