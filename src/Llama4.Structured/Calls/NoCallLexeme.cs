using System.Text;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Calls;

/// <summary>
/// Any text in which no call has begun. A call has begun with <c>[name(</c> of a tool, with <c>{"</c> or with <c>&lt;|python_start|&gt;</c>, blanks before and
/// between: from there on the parser of calls might find one, before it never does.
/// </summary>
internal sealed class NoCallLexeme : Lexeme
{
    private const int Front = 0;
    private const int Free = 1;
    private const int BehindBrace = 2;
    private const int BehindName = 3;
    private const int Marker = 4;

    private static readonly byte[] MarkerBytes = Encoding.UTF8.GetBytes("<|python_start|>");

    /// <summary>The state behind a bracket, where the names' tree begins; its nodes' states follow.</summary>
    private static readonly int BehindBracket = Marker + MarkerBytes.Length;

    private readonly TextSet _names = new();

    public NoCallLexeme(IEnumerable<string> tools)
    {
        foreach (var name in tools)
        {
            _names.End(_names.Raw(TextSet.Root, Encoding.UTF8.GetBytes(name)));
        }
    }

    public override int Start => Front;

    public override int Step(int state, byte value)
    {
        var isBlank = value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
        switch (state)
        {
            case Free:
                return Free;
            case Front:
                return isBlank ? Front : value switch
                {
                    (byte)'[' => BehindBracket,
                    (byte)'{' => BehindBrace,
                    (byte)'<' => Marker + 1,
                    _ => Free,
                };
            case BehindBrace:
                return isBlank ? BehindBrace : value == '"' ? Dead : Free;
            case BehindName:
                return isBlank ? BehindName : value == '(' ? Dead : Free;
            case var _ when state < BehindBracket:
                var read = state - Marker;
                return value != MarkerBytes[read] ? Free : read + 1 == MarkerBytes.Length ? Dead : state + 1;
            default:
                return StepName(state - BehindBracket, value, isBlank);
        }
    }

    public override bool Accepts(int state) => true;

    public override bool Continues(int state) => true;

    private int StepName(int node, byte value, bool isBlank)
    {
        if (node == TextSet.Root && isBlank)
        {
            return BehindBracket;
        }

        if (_names.TagAt(node) >= 0 && (isBlank || value == '('))
        {
            return isBlank ? BehindName : Dead;
        }

        var next = _names.Step(node, value);
        return next >= 0 ? BehindBracket + next : Free;
    }
}
