using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>Python's numbers as JSON's: integers of any size with all their digits, floats as the doubles they are.</summary>
internal static partial class PythonNumber
{
    private const string Digits = "(?>[0-9](?>_?[0-9])*)";
    private const string Exponent = "[eE][+-]?" + Digits;

    /// <summary>Whether a sign may follow: behind the e of a decimal exponent.</summary>
    public static bool TakesSign(StringBuilder token) => token[^1] is 'e' or 'E' && !(token.Length > 1 && token[1] is 'x' or 'X');

    /// <summary>JSON of a number without its sign; null if it is none, or not finite.</summary>
    public static string? ToJson(string token, bool isNegative)
    {
        if (Decimal().IsMatch(token))
        {
            var digits = token.Replace("_", "", StringComparison.Ordinal).TrimStart('0');
            return Signed(digits.Length == 0 ? "0" : digits, isNegative);
        }

        if (Radix().IsMatch(token))
        {
            return Signed(OfRadix(token).ToString(CultureInfo.InvariantCulture), isNegative);
        }

        if (!Float().IsMatch(token))
        {
            return null;
        }

        var number = double.Parse(token.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? PythonText.Repr(isNegative ? -number : number) : null;
    }

    private static string Signed(string digits, bool isNegative) => isNegative && digits != "0" ? "-" + digits : digits;

    /// <summary>Of a prefix and digits of 4, 3 or 1 bits, the most significant first.</summary>
    private static BigInteger OfRadix(string token)
    {
        var digitBits = token[1] switch { 'x' or 'X' => 4, 'o' or 'O' => 3, _ => 1 };
        var bytes = new byte[token.Length * digitBits / 8 + 1];
        var bit = 0;
        for (var i = token.Length - 1; i >= 2; i--)
        {
            if (token[i] == '_')
            {
                continue;
            }

            var digit = Convert.ToInt32(token[i].ToString(), 16);
            for (var k = 0; k < digitBits; k++, bit++)
            {
                bytes[bit / 8] |= (byte)((digit >> k & 1) << bit % 8);
            }
        }

        return new BigInteger(bytes, isUnsigned: true);
    }

    // A zero at the front is only right where all digits are zeros. The loops never give back what they took: a token can be long.
    [GeneratedRegex(@"\A(?>0(?>_?0)*|[1-9](?>_?[0-9])*)\z")]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\A0(?>[xX](?>_?[0-9a-fA-F])+|[oO](?>_?[0-7])+|[bB](?>_?[01])+)\z")]
    private static partial Regex Radix();

    [GeneratedRegex(@"\A(?:" + Digits + @"\.(?:" + Digits + @")?|\." + Digits + ")(?:" + Exponent + @")?\z|\A" + Digits + Exponent + @"\z")]
    private static partial Regex Float();
}
