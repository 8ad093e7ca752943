namespace Llama4.Structured.Lexemes;

/// <summary>How characters are escaped in a canonical string: its quote, backslash and control characters, and only those.</summary>
internal static class JsonEscapes
{
    /// <summary>The one-letter escape of a control character, if it has one.</summary>
    public static byte? ShortFor(int character) => character switch
    {
        '\b' => (byte)'b',
        '\t' => (byte)'t',
        '\n' => (byte)'n',
        '\f' => (byte)'f',
        '\r' => (byte)'r',
        _ => null,
    };

    /// <summary>What the letter after a backslash stands for, -1 if it is none (or <c>u</c>).</summary>
    public static int ShortOf(byte letter, byte quote) => letter switch
    {
        (byte)'\\' => letter,
        _ when letter == quote => letter,
        (byte)'b' => '\b',
        (byte)'t' => '\t',
        (byte)'n' => '\n',
        (byte)'f' => '\f',
        (byte)'r' => '\r',
        _ => -1,
    };

    /// <summary>A hexadecimal digit in each case.</summary>
    public static byte[] HexForms(int digit) => digit < 10 ? [(byte)('0' + digit)] : [(byte)('a' + digit - 10), (byte)('A' + digit - 10)];

    /// <summary>The value of a hexadecimal digit, -1 if it is none.</summary>
    public static int HexValue(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    /// <summary>Whether a character stands raw in a string.</summary>
    public static bool IsRaw(int character, byte quote) => character is >= 0x20 and not (0x7F or '\\') && character != quote;
}
